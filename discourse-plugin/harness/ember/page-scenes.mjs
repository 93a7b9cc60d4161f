// The creator's page, the leaderboard, the preferences, the notifications and the admin's
// overview, in the states that are photographed.
function user(id, username) {
  return { id, username, name: null, avatar_template: "/avatar/{size}.svg" };
}

const EVE = { ...user(9, "eve"), admin: true };
const BERTHA = user(3, "bertha");
const CHIDI = user(4, "chidi-with-a-rather-long-name");
const MARKUP = `<img src=x onerror="document.body.remove()"><script>alert(1)</script>`;
const INVOICE = `fibt500000000001p${"7w2k9qz0x4".repeat(30)}`;

function ago(minutes) {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

const PREFERENCES = {
  accepts_tips: true,
  notified: true,
  on_leaderboard: false,
};

const WALLET = {
  balances: [
    { asset: "CKB", available: "1234.5", reserved: "50.1", pending: "10" },
    {
      asset: "USDI",
      available: "9007199254740993.00000001",
      reserved: "0",
      pending: "0",
    },
  ],
};

function withdrawal(id, state, changes) {
  return {
    id,
    state,
    asset: "CKB",
    amount: "50",
    fee: "0.1",
    fee_is_final: false,
    destination: INVOICE,
    created_at: ago(7),
    updated_at: ago(3),
    next_attempt_at: null,
    reason: null,
    ...changes,
  };
}

const WITHDRAWALS = [
  withdrawal("1", "awaiting_review"),
  withdrawal("2", "waiting_for_liquidity", { amount: "25000" }),
  withdrawal("3", "retrying", { next_attempt_at: ago(-2) }),
  withdrawal("4", "completed", { fee: "0.05", fee_is_final: true }),
  withdrawal("5", "failed", { reason: `No route was found. ${MARKUP}` }),
  withdrawal("6", "released"),
  withdrawal("7", "paid_after_release"),
];

function tip(id, changes) {
  return {
    id,
    direction: "received",
    user: BERTHA,
    post: {
      id: 42,
      url: "/t/a-topic/1/2",
      topic_title: "What is worth a tip, and a title that takes two lines?",
    },
    asset: "CKB",
    amount: "12.5",
    message: null,
    anonymous: false,
    state: "settled",
    created_at: ago(90),
    settled_at: ago(89),
    ...changes,
  };
}

const RECEIVED = [
  tip("1", { message: "Well said. Thank you!" }),
  tip("2", {
    user: null,
    anonymous: true,
    amount: "9007199254740993.00000001",
  }),
  tip("3", { user: CHIDI, post: null, message: MARKUP }),
];

const GIVEN = ["open", "settled", "expired", "failed"].map((state, index) =>
  tip(state, {
    direction: "given",
    state,
    anonymous: index === 1,
    settled_at: null,
  })
);

function quote(changes) {
  return {
    asset: "CKB",
    amount: "50",
    fee: "0.1",
    total: "50.1",
    minimum: "1",
    maximum: "1234.4",
    available: "1234.5",
    valid: true,
    message: null,
    review: false,
    ...changes,
  };
}

function ranked(entries) {
  return entries.map((entry, index) => ({
    rank: index + 1,
    amount: String(1234.5 - index * 300),
    count: 12 - index,
    ...entry,
  }));
}

const BOARD = {
  period: "week",
  asset: "CKB",
  assets: ["CKB", "USDI"],
  topics: ranked([
    { topic: { id: 1, title: "What is worth a tip?", url: "/t/a-topic/1" } },
    { topic: { id: 2, title: MARKUP, url: "/t/markup/2" } },
  ]),
  creators: ranked([{ user: BERTHA }, { user: CHIDI }]),
  tippers: [],
};

const OVERVIEW = {
  service: { url: "https://tips.example.com", reachable: true, error: null },
  clock_skew_seconds: 1,
  app_id: "forum",
  last_sync_at: ago(1),
  last_sync_error: null,
  open_tips: 3,
  totals: [
    { asset: "CKB", amount: "123456.789", count: 1817 },
    { asset: "USDI", amount: "42", count: 1 },
  ],
  plugin_version: "1.0.0",
};

const NOTIFICATIONS = [
  [
    "fiber_link_tip",
    { count: 1, display_username: "bertha", message: "Well said." },
  ],
  ["fiber_link_tip", { count: 3, display_username: "chidi" }],
  ["fiber_link_tip", { count: 1, display_username: null }],
  ["fiber_link_withdrawal", { kind: "completed", asset: "CKB", amount: "50" }],
  ["fiber_link_withdrawal", { kind: "failed", asset: "CKB", amount: "50" }],
].map(([notification_name, data]) => ({
  notification_name,
  slug: "a-topic",
  topic_id: 1,
  post_number: 2,
  data: { totals: [{ asset: "CKB", amount: "12" }], ...data },
}));

const DOWN = [503, { errors: ["down"], error_type: "fiber_link_unavailable" }];

const ANSWERS = {
  "GET /session/current.json": [200, { current_user: EVE, csrf: "x" }],
  "GET /site/settings.json": [
    200,
    { fiber_link_enabled: true, fiber_link_leaderboard_enabled: true },
  ],
  "GET /u/eve.json": [200, { user: EVE }],
  "GET /fiber-link/wallet.json": [200, WALLET],
  "GET /fiber-link/wallet/tips.json": ({ searchParams }) => [
    200,
    searchParams.get("direction") === "given"
      ? { tips: GIVEN, next: null }
      : { tips: RECEIVED, next: "3" },
  ],
  "GET /fiber-link/withdrawals.json": [
    200,
    { withdrawals: WITHDRAWALS, next: null },
  ],
  "POST /fiber-link/withdrawals/quote.json": [200, { quote: quote() }],
  "POST /fiber-link/withdrawals.json": [
    200,
    { withdrawal: withdrawal("new", "pending") },
  ],
  "GET /fiber-link/preferences.json": [200, { preferences: PREFERENCES }],
  "PUT /fiber-link/preferences.json": [
    200,
    { preferences: { ...PREFERENCES, notified: false } },
  ],
  "GET /fiber-link/leaderboard.json": [200, BOARD],
  "GET /admin/plugins/fiber-link/overview.json": [200, OVERVIEW],
  "GET /notifications.json": [200, { notifications: NOTIFICATIONS }],
};

function page(url, ready, { answers, act } = {}) {
  return { url, ready, act, answers: { ...ANSWERS, ...answers } };
}

function walletPage(options) {
  return page("/u/eve/fiber-link", ".fiber-link-history-tip", options);
}

function withdrawalForm({ answers, then }) {
  return walletPage({
    answers,
    act: async (opened) => {
      await opened.click(".fiber-link-withdrawals__toggle");
      await opened.fill(".fiber-link-withdrawal-form__destination", INVOICE);
      await opened.waitForSelector(
        ".fiber-link-withdrawal-form__answer[aria-busy='false'] dl, .fiber-link-withdrawal-form .fiber-link-failure-note"
      );
      await then?.(opened);
    },
  });
}

async function send(opened) {
  await opened.click(".fiber-link-withdrawal-form__send");
}

export const pageScenes = {
  wallet: walletPage(),
  "wallet-given": walletPage({
    act: async (opened) => {
      await opened.click("[data-choice='given']");
      await opened.waitForSelector(".fiber-link-history-tip.--given");
    },
  }),
  "wallet-empty": page("/u/eve/fiber-link", ".fiber-link-paged-list__empty", {
    answers: {
      "GET /fiber-link/wallet.json": [
        200,
        {
          balances: [
            { asset: "CKB", available: "0", reserved: "0", pending: "0" },
          ],
        },
      ],
      "GET /fiber-link/wallet/tips.json": [200, { tips: [], next: null }],
      "GET /fiber-link/withdrawals.json": [
        200,
        { withdrawals: [], next: null },
      ],
    },
  }),
  "wallet-unavailable": page("/u/eve/fiber-link", ".fiber-link-failure-note", {
    answers: { "GET /fiber-link/wallet.json": DOWN },
  }),
  "withdrawal-valid": withdrawalForm({
    answers: {
      "POST /fiber-link/withdrawals/quote.json": [
        200,
        { quote: quote({ review: true }) },
      ],
    },
  }),
  "withdrawal-refused": withdrawalForm({
    answers: {
      "POST /fiber-link/withdrawals/quote.json": [
        200,
        {
          quote: quote({
            valid: false,
            fee: null,
            total: null,
            message: `The invoice asks for more than you have. ${MARKUP}`,
          }),
        },
      ],
    },
  }),
  "withdrawal-unavailable": withdrawalForm({
    answers: { "POST /fiber-link/withdrawals.json": DOWN },
    then: async (opened) => {
      await send(opened);
      await opened.waitForSelector(".fiber-link-withdrawal-form__same-again");
    },
  }),
  leaderboard: page(
    "/fiber-link/leaderboard",
    ".fiber-link-leaderboard__board"
  ),
  preferences: page(
    "/u/eve/preferences/notifications",
    ".fiber-link-preferences"
  ),
  overview: page(
    "/admin/plugins/fiber-link/overview",
    ".fiber-link-admin-overview__facts"
  ),
  "overview-down": page(
    "/admin/plugins/fiber-link/overview",
    ".fiber-link-admin-overview__facts",
    {
      answers: {
        "GET /admin/plugins/fiber-link/overview.json": [
          200,
          {
            ...OVERVIEW,
            service: {
              ...OVERVIEW.service,
              reachable: false,
              error: "unauthorized",
            },
            clock_skew_seconds: 420,
            last_sync_error: "unauthorized",
          },
        ],
      },
    }
  ),
  notifications: page("/u/eve", ".user-nav__fiber-link", {
    act: async (opened) => {
      await opened.click(".notifications-menu__toggle");
      await opened.waitForSelector(".notifications-menu__list .notification");
    },
  }),
};
