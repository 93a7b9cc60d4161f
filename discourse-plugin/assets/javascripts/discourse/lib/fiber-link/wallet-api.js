import { request } from "./api";

export function findWallet() {
  return request("/fiber-link/wallet.json", {}, "balances");
}

export function findTips(direction, before) {
  return request(
    "/fiber-link/wallet/tips.json",
    { data: { direction, before } },
    "tips"
  );
}

export function findWithdrawals(before) {
  return request(
    "/fiber-link/withdrawals.json",
    { data: { before } },
    "withdrawals"
  );
}

// Without an amount the quote is for what the invoice asks.
export function quoteWithdrawal({ asset, amount, destination }) {
  return request(
    "/fiber-link/withdrawals/quote.json",
    { type: "POST", data: { asset, amount, destination } },
    "quote"
  );
}

export function createWithdrawal({
  asset,
  amount,
  fee,
  destination,
  idempotency_key,
}) {
  return request(
    "/fiber-link/withdrawals.json",
    {
      type: "POST",
      data: { asset, amount, fee, destination, idempotency_key },
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
