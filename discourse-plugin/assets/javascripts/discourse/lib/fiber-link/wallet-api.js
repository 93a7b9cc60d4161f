import { request } from "./api";

// `account` is one that was merged into one's own; without it, it is one's own.
export function findWallet(account) {
  return request("/fiber-link/wallet.json", { data: { account } }, "balances");
}

export function findTips(direction, before) {
  return request(
    "/fiber-link/wallet/tips.json",
    { data: { direction, before } },
    "tips"
  );
}

export function findWithdrawals(before, account) {
  return request(
    "/fiber-link/withdrawals.json",
    { data: { before, account } },
    "withdrawals"
  );
}

// Without an amount the quote is for what the invoice asks.
export function quoteWithdrawal({ asset, amount, destination, account }) {
  return request(
    "/fiber-link/withdrawals/quote.json",
    { type: "POST", data: { asset, amount, destination, account } },
    "quote"
  );
}

export function createWithdrawal({
  asset,
  amount,
  fee,
  destination,
  idempotency_key,
  account,
}) {
  return request(
    "/fiber-link/withdrawals.json",
    {
      type: "POST",
      data: { asset, amount, fee, destination, idempotency_key, account },
    },
    "withdrawal"
  );
}

export function findPreferences() {
  return request("/fiber-link/preferences.json", {}, "preferences");
}

export function savePreferences(changes) {
  return request(
    "/fiber-link/preferences.json",
    { type: "PUT", data: changes },
    "preferences"
  );
}

export function findLeaderboard({ period, asset }) {
  return request(
    "/fiber-link/leaderboard.json",
    { data: { period, asset } },
    "assets"
  );
}

export function findAdminOverview() {
  return request("/admin/plugins/fiber-link/overview.json", {}, "service");
}
