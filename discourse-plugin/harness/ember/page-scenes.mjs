// The creator's page, the leaderboard, the preferences, the notifications and the admin's
// overview, in the states that are photographed.
import {
  ANSWERS,
  DOWN,
  INVOICE,
  MARKUP,
  OVERVIEW,
  quoted,
  WALLET,
  WITHDRAWALS,
} from "./page-answers.mjs";

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
  "wallet-merged": page(
    "/u/eve/fiber-link",
    ".fiber-link-former-account .fiber-link-paged-list__empty",
    {
      answers: {
        "GET /fiber-link/wallet.json": ({ searchParams }) => [
          200,
          {
            ...WALLET,
            balances: searchParams.has("account")
              ? [
                  {
                    asset: "CKB",
                    available: "7.5",
                    reserved: "0",
                    pending: "1",
                  },
                ]
              : WALLET.balances,
            former_accounts: [{ id: "5", username: "eve_of_old" }],
          },
        ],
        "GET /fiber-link/withdrawals.json": ({ searchParams }) => [
          200,
          {
            withdrawals: searchParams.has("account") ? [] : WITHDRAWALS,
            next: null,
          },
        ],
      },
    }
  ),
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
        { quote: quoted({ review: true }) },
      ],
    },
  }),
  "withdrawal-refused": withdrawalForm({
    answers: {
      "POST /fiber-link/withdrawals/quote.json": [
        200,
        {
          quote: quoted({
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
