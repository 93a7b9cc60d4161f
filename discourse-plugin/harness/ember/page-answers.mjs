// What the forum answers to the pages that are photographed.
import {
  preferences,
  quote,
  tip,
  withdrawal,
} from "../../test/javascripts/helpers/fiber-link-fixtures.js";

function user(id, username) {
  return { id, username, name: null, avatar_template: "/avatar/{size}.svg" };
}

const EVE = { ...user(9, "eve"), admin: true };
const BERTHA = user(3, "bertha");
const CHIDI = user(4, "chidi-with-a-rather-long-name");
export const MARKUP = `<img src=x onerror="document.body.remove()"><script>alert(1)</script>`;
export const INVOICE = `fibt500000000001p${"7w2k9qz0x4".repeat(30)}`;

function ago(minutes) {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

const PREFERENCES = preferences();

export const WALLET = {
  former_accounts: [],
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

function withdrawn(id, state, changes) {
  return withdrawal({
    id,
    state,
    destination: INVOICE,
    created_at: ago(7),
    updated_at: ago(3),
    ...changes,
  });
}

export const WITHDRAWALS = [
  withdrawn("1", "awaiting_review"),
  withdrawn("2", "waiting_for_liquidity", { amount: "25000" }),
  withdrawn("3", "retrying", { next_attempt_at: ago(-2) }),
  withdrawn("4", "completed", { fee: "0.05", fee_is_final: true }),
  withdrawn("5", "failed", { reason: `No route was found. ${MARKUP}` }),
  withdrawn("6", "released"),
  withdrawn("7", "paid_after_release"),
];

function tipped(id, changes) {
  return tip({
    id,
    user: BERTHA,
    post: {
      id: 42,
      url: "/t/a-topic/1/2",
      topic_title: "What is worth a tip, and a title that takes two lines?",
    },
    created_at: ago(90),
    settled_at: ago(89),
    ...changes,
  });
}

const RECEIVED = [
  tipped("1", { message: "Well said. Thank you!" }),
  tipped("2", {
    user: null,
    anonymous: true,
    amount: "9007199254740993.00000001",
  }),
  tipped("3", { user: CHIDI, post: null, message: MARKUP }),
];

const GIVEN = ["open", "settled", "expired", "failed"].map((state, index) =>
  tipped(state, {
    direction: "given",
    state,
    anonymous: index === 1,
    settled_at: null,
  })
);

export function quoted(changes) {
  return quote({ maximum: "1234.4", available: "1234.5", ...changes });
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

export const OVERVIEW = {
  service: { url: "https://tips.example.com", reachable: true, error: null },
  clock_skew_seconds: 1,
  passed_over: 0,
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

export const DOWN = [
  503,
  { errors: ["down"], error_type: "fiber_link_unavailable" },
];

export const ANSWERS = {
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
  "POST /fiber-link/withdrawals/quote.json": [200, { quote: quoted() }],
  "POST /fiber-link/withdrawals.json": [
    200,
    { withdrawal: withdrawn("new", "pending") },
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
