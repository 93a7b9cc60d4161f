// The states that are photographed, and the forum's answers that lead to them.
import { readFile } from "node:fs/promises";
import path from "node:path";

const SOON = () => new Date(Date.now() + 9 * 60_000 + 41_000).toISOString();

// A square that looks like a QR code; the real ones come from the forum.
function squares(modules) {
  let drawn = "";
  const finder = (x, y) =>
    `M${x} ${y}h7v7h-7zM${x + 1} ${y + 1}v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`;
  for (let row = 0; row < modules; row++) {
    for (let column = 0; column < modules; column++) {
      const corner =
        (row < 8 && (column < 8 || column > modules - 9)) ||
        (row > modules - 9 && column < 8);
      if (!corner && (row * 7 + column * 13 + ((row * column) % 5)) % 3 === 0) {
        drawn += `M${column} ${row}h1v1h-1z`;
      }
    }
  }
  return drawn + finder(0, 0) + finder(modules - 7, 0) + finder(0, modules - 7);
}

function user(id, username) {
  return { id, username, name: null, avatar_template: "/avatar/{size}.svg" };
}

const USERS = [user(3, "bertha"), user(4, "chidi"), user(5, "dorothea")];

function tip(changes) {
  return {
    id: 5,
    post_id: 2,
    state: "open",
    asset: "CKB",
    amount: "50",
    message: "Well said",
    anonymous: false,
    invoice: `fibt500000000001p${"7w2k9qz0x4".repeat(30)}`,
    qr: { modules: 65, path: squares(65) },
    expires_at: SOON(),
    created_at: new Date().toISOString(),
    settled_at: null,
    ...changes,
  };
}

const TIPS = {
  count: 12,
  totals: [
    { asset: "CKB", amount: "1234.5" },
    { asset: "USDI", amount: "3" },
  ],
  users: USERS,
};

const POSTS = [
  { id: 1, post_number: 1, username: "ada", tips: TIPS },
  { id: 2, post_number: 2, username: "sam", tips: null },
].map(({ tips, ...post }) => ({
  ...post,
  topic_id: 1,
  user_id: post.id,
  avatar_template: "/avatar/{size}.svg",
  created_at: new Date(Date.now() - 3_600_000).toISOString(),
  cooked: "<p>Some words that are worth a tip.</p>",
  fiber_link_can_tip: true,
  fiber_link_tips: tips,
}));

const LIST = USERS.map((one, index) => ({
  id: index,
  user: index === 1 ? null : one,
  asset: "CKB",
  amount: String(10 * (index + 1)),
  message: index === 0 ? "Thank you for <b>this</b>" : null,
  settled_at: new Date(Date.now() - 60_000 * (index + 1)).toISOString(),
}));

const OPTIONS = {
  assets: [
    { asset: "CKB", decimals: 8, minimum: "1", maximum: "100000" },
    { asset: "USDI", decimals: 2, minimum: "0.5", maximum: null },
  ],
  message_bus_last_id: 0,
};

const DOWN = [503, { errors: ["down"], error_type: "fiber_link_unavailable" }];

async function openModal(page) {
  await page.click("#post_2 .post-action-menu__fiber-link-tip");
  await page.waitForSelector(
    ".fiber-link-tip-form, .fiber-link-tip-status, .d-modal .alert"
  );
}

async function lookAgain(page) {
  await openModal(page);
  await page.waitForSelector(".fiber-link-tip-status");
}

export const scenes = {
  topic: {},
  "topic-list": {
    act: async (page) => {
      await page.click(".fiber-link-post-tips__toggle");
      await page.waitForSelector(".fiber-link-post-tip-list__tip");
    },
  },
  form: { act: openModal },
  "form-errors": {
    act: async (page) => {
      await openModal(page);
      await page.fill(".fiber-link-tip-form__amount", "0.5");
      await page.fill(".fiber-link-tip-form__message", "x".repeat(290));
      await page.click(".d-modal__footer .btn-primary");
      await page.waitForSelector(".fiber-link-field__error");
    },
  },
  "form-refused": {
    create: [
      422,
      { errors: ["Tips are paused for now."], extras: { reason: "paused" } },
    ],
    act: async (page) => {
      await openModal(page);
      await page.click(".d-modal__footer .btn-primary");
      await page.waitForSelector(".fiber-link-tip-form__alert");
    },
  },
  "form-again": {
    open: () => tip(),
    act: async (page) => {
      await lookAgain(page);
      await page.click("text=Change the tip");
      await page.waitForSelector(".fiber-link-tip-form__warning");
    },
  },
  open: { open: () => tip(), act: lookAgain },
  "open-time-is-up": {
    open: () => tip({ expires_at: new Date().toISOString() }),
    act: lookAgain,
  },
  "open-broken": {
    open: () => tip({ invoice: "<script>", qr: null }),
    act: lookAgain,
  },
  settled: { open: () => tip({ state: "settled" }), act: openModal },
  expired: { open: () => tip({ state: "expired" }), act: openModal },
  failed: { open: () => tip({ state: "failed" }), act: openModal },
  unknown: { open: () => tip({ state: "refunded" }), act: openModal },
  unavailable: {
    create: DOWN,
    act: async (page) => {
      await openModal(page);
      await page.click(".d-modal__footer .btn-primary");
      await page.waitForSelector(".fiber-link-tip-status");
    },
  },
  visitor: { visitor: true },
};

function answers(scene) {
  return {
    "GET /session/current.json": scene.visitor
      ? [404, { errors: ["nobody"] }]
      : [200, { current_user: user(9, "eve") }],
    "GET /session/csrf.json": [200, { csrf: "x" }],
    "GET /site.json": [
      200,
      { site_settings: { fiber_link_quick_amounts: "10|50|100" } },
    ],
    "GET /t/1.json": [
      200,
      {
        id: 1,
        slug: "a-topic",
        title: "What is worth a tip?",
        message_bus_last_id: 0,
        post_stream: { posts: POSTS },
      },
    ],
    "GET /fiber-link/tips/open.json": [200, { tip: scene.open?.() ?? null }],
    "GET /fiber-link/tips/options.json": [200, OPTIONS],
    "GET /fiber-link/posts/1/tips.json": [200, { tips: LIST, next: "9" }],
    "POST /fiber-link/tips.json": scene.create ?? [200, { tip: tip() }],
    ...scene.answers,
  };
}

const AVATAR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#7a9cc6"/></svg>`;

/** Answers as the forum would, for the server of the built page. */
export function played(scene) {
  return async (request, response, pathname) => {
    const known = answers(scene)[`${request.method} ${pathname}`];
    if (known) {
      const [status, body] =
        typeof known === "function"
          ? known(new URL(request.url, "http://localhost"))
          : known;
      response
        .writeHead(status, { "Content-Type": "application/json" })
        .end(JSON.stringify(body));
    } else if (pathname.startsWith("/avatar/")) {
      response.writeHead(200, { "Content-Type": "image/svg+xml" }).end(AVATAR);
    } else if (pathname.startsWith("/message-bus/")) {
      setTimeout(() => response.writeHead(200).end("[]"), 5000).unref();
    } else if (pathname.startsWith("/ember/")) {
      return false;
    } else {
      const page = path.join(import.meta.dirname, "out/ember/forum.html");
      response
        .writeHead(200, { "Content-Type": "text/html; charset=utf-8" })
        .end(await readFile(page));
    }
    return true;
  };
}
