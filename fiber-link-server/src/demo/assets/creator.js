import { announce, byId, call, clockTime, element, pill, repeat, setError, showRefusal, whileBusy } from "./demo.js";

const amount = byId("amount");
const invoice = byId("invoice");
const fields = { amount, invoice };

const kinds = {
  tip_settled: "Tip credited",
  withdrawal_requested: "Withdrawal reserved",
  withdrawal_paid: "Paid out, with fee",
  withdrawal_fee_borne: "Fee borne by the hub",
  withdrawal_released: "Unused fee returned",
};

let shown = null;
let text = "";
async function refresh() {
  const next = await call("/demo/creator");
  if (JSON.stringify(next) === text) return;
  text = JSON.stringify(next);
  showBalance(next.balance);
  showWithdrawals(next.withdrawals);
  showTips(next.tips);
  showLedger(next);
  tell(next.withdrawals);
  const first = shown === null;
  shown = next;
  if (!first) await quote();
}

function showBalance(balance) {
  for (const name of ["available", "reserved", "pending", "maximum"]) {
    const target = byId(name);
    if (target.textContent === balance[name]) continue;
    target.textContent = balance[name];
    if (shown === null) continue;
    target.classList.remove("changed");
    void target.offsetWidth;
    target.classList.add("changed");
  }
}

function tell(withdrawals) {
  if (shown === null) return;
  const before = new Map(shown.withdrawals.map(({ id, state }) => [id, state]));
  for (const { id, state, amount } of withdrawals) {
    if (before.get(id) !== state) announce(`Withdrawal of ${amount} CKB: ${state.replace("_", " ").toLowerCase()}.`);
  }
}

// Rows stay the same elements while they change, so that neither focus nor place is lost.
function keepRows(list, records, key, fill) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  records.forEach((record, place) => {
    const row = rows.get(key(record)) ?? element("li", shown ? "new" : "");
    row.dataset.key = key(record);
    row.replaceChildren(...fill(record));
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  while (list.children.length > records.length) list.lastChild.remove();
}

function showWithdrawals(withdrawals) {
  byId("no-withdrawals").hidden = withdrawals.length > 0;
  keepRows(byId("withdrawals"), withdrawals, ({ id }) => id, (withdrawal) => {
    const state = element("span", "");
    pill(state, withdrawal.state);
    return [
      element("p", "head", element("span", "figure", `${withdrawal.amount} CKB`), state),
      element("p", "detail", clockTime(withdrawal.updatedAt), ` · ${story(withdrawal)}`),
    ];
  });
}

function story({ state, amount, reserved, fee, returned, lastError }) {
  switch (state) {
    case "COMPLETED": return `${amount} CKB arrived. The way cost ${fee} CKB; ${returned} CKB of the fee came back.`;
    case "FAILED": return `Nothing was paid, ${reserved} CKB came back. ${lastError}`;
    case "PROCESSING": return `The payment is on its way; ${reserved} CKB stay reserved until the node knows.`;
    case "RETRY_PENDING": return `Failed and is tried again; ${reserved} CKB stay reserved. ${lastError}`;
    case "AWAITING_REVIEW": return `Waits until somebody has looked at it; ${reserved} CKB are reserved.`;
    case "LIQUIDITY_PENDING": return `Waits until the node can send so much; ${reserved} CKB are reserved.`;
    default: return `${reserved} CKB are reserved: the amount and the highest fee.`;
  }
}

function showTips(tips) {
  byId("no-tips").hidden = tips.length > 0;
  keepRows(byId("tips"), tips, ({ id }) => id, (tip) => {
    const state = element("span", "");
    pill(state, tip.state);
    const giver = tip.from ? [` · from ${tip.from}`] : [];
    const words = tip.message ? [" · “", tip.message, "”"] : [];
    return [
      element("p", "head", element("span", "figure", `${tip.amount} CKB`), state),
      element("p", "detail", clockTime(tip.settledAt ?? tip.createdAt), ...giver, ...words),
    ];
  });
}

function showLedger({ earlier, entries, balance }) {
  byId("ledger-card").hidden = entries.length === 0;
  const row = (...cells) => element("tr", "", ...cells.map((cell, place) => element("td", place ? "number" : "", cell)));
  byId("ledger").replaceChildren(
    ...(earlier ? [row("Balance before", earlier.available, earlier.reserved)] : []),
    ...entries.map((entry) => row(kinds[entry.kind] ?? entry.kind, entry.available, entry.reserved)),
  );
  byId("sum-available").textContent = balance.available;
  byId("sum-reserved").textContent = balance.reserved;
}

const request = () => ({ amount: amount.value.trim(), invoice: invoice.value.trim() });

let asked = 0;
async function quote() {
  const turn = ++asked;
  const wanted = request();
  const hide = () => { byId("quote").hidden = true; };
  if (!wanted.amount) return hide();
  let answer;
  try {
    answer = await call("/demo/quote", wanted);
  } catch (refusal) {
    if (turn !== asked) return;
    hide();
    if (refusal.field) setError(fields[refusal.field], refusal.message);
    return;
  }
  if (turn !== asked) return;
  setError(amount, "");
  setError(invoice, "");
  if (answer.problem && (answer.problem.field !== "invoice" || wanted.invoice)) {
    setError(fields[answer.problem.field], answer.problem.message);
  }
  byId("quote").hidden = answer.problem?.field === "amount";
  byId("quote-receive").textContent = answer.receiveAmount;
  byId("quote-fee").textContent = answer.networkFee;
  byId("quote-reserved").textContent = answer.reserved;
}

let typing = 0;
for (const field of [amount, invoice]) {
  field.addEventListener("input", () => {
    setError(field, "");
    clearTimeout(typing);
    typing = setTimeout(quote, 250);
  });
}

byId("all").addEventListener("click", () => {
  amount.value = byId("maximum").textContent;
  setError(amount, "");
  quote();
});

byId("make-invoice").addEventListener("click", () => whileBusy(byId("make-invoice"), async () => {
  setError(amount, "");
  try {
    const made = await call("/demo/wallet/invoice", { amount: amount.value.trim() });
    invoice.value = made.invoice;
    announce(`Your wallet made an invoice over ${amount.value.trim()} CKB.`);
    await quote();
  } catch (refusal) {
    showRefusal(refusal, fields, byId("withdraw-error"));
  }
}));

byId("withdraw-form").addEventListener("submit", (event) => {
  event.preventDefault();
  whileBusy(byId("withdraw"), async () => {
    clearTimeout(typing);
    asked++;
    for (const field of [amount, invoice]) setError(field, "");
    byId("withdraw-error").textContent = "";
    try {
      await call("/demo/withdrawals", request());
    } catch (refusal) {
      showRefusal(refusal, fields, byId("withdraw-error"));
      return;
    }
    amount.value = "";
    invoice.value = "";
    byId("quote").hidden = true;
    await refresh();
    byId("withdrawals-title").focus({ preventScroll: true });
    byId("withdrawals-card").scrollIntoView({ block: "nearest" });
  });
});

repeat(refresh, 500);
