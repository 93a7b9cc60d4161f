import { announce, byId, call, clockTime, element, pill, repeat, setError, showRefusal, whileBusy } from "./demo.js";

const panel = byId("tip");
const amount = byId("amount");
const message = byId("message");
const wide = matchMedia("(width >= 60rem)");

let tip = null;
let stopAsking = () => {};
let stopCounting = () => {};

// A panel beside the post on a desk, a sheet over it on a phone.
function openPanel() {
  byId("guide").hidden = wide.matches;
  if (wide.matches) panel.show();
  else panel.showModal();
  byId("open-tip").ariaExpanded = "true";
}

function closePanel() {
  panel.close();
}

panel.addEventListener("close", () => {
  byId("guide").hidden = false;
  byId("open-tip").ariaExpanded = "false";
  byId("open-tip").focus();
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && wide.matches) closePanel();
});
panel.addEventListener("click", (event) => {
  const box = panel.getBoundingClientRect();
  if (event.target === panel && event.clientY < box.top) closePanel();
});
wide.addEventListener("change", () => {
  if (!panel.open) return;
  const focused = document.activeElement;
  panel.removeAttribute("open");
  openPanel();
  focused.focus();
});

byId("open-tip").addEventListener("click", () => {
  if (!panel.open) {
    if (tip?.state !== "UNPAID") startOver();
    openPanel();
  }
  if (!tip) amount.focus();
});
byId("close-tip").addEventListener("click", closePanel);
byId("again").addEventListener("click", () => {
  startOver();
  amount.focus();
});

function startOver() {
  stopAsking();
  stopCounting();
  tip = null;
  byId("tip-title").textContent = "Tip Mira";
  byId("tip-form").hidden = false;
  byId("invoice").hidden = true;
  byId("facts").replaceChildren();
  byId("pay").hidden = false;
  byId("stage").className = "stage";
  message.value = "";
}

const presets = document.querySelectorAll("[data-amount]");
function markPreset() {
  for (const preset of presets) preset.ariaPressed = String(preset.dataset.amount === amount.value.trim());
}
for (const preset of presets) {
  preset.addEventListener("click", () => {
    amount.value = preset.dataset.amount;
    setError(amount, "");
    markPreset();
  });
}
amount.addEventListener("input", () => {
  setError(amount, "");
  markPreset();
});
message.addEventListener("input", () => setError(message, ""));
markPreset();

byId("tip-form").addEventListener("submit", (event) => {
  event.preventDefault();
  whileBusy(byId("create-tip"), async () => {
    const form = byId("tip-form");
    for (const field of [amount, message]) setError(field, "");
    byId("tip-error").textContent = "";
    try {
      show(await call("/demo/tips", { amount: amount.value.trim(), message: message.value }));
    } catch (refusal) {
      showRefusal(refusal, { amount, message }, byId("tip-error"));
      return;
    }
    form.hidden = true;
    byId("invoice").hidden = false;
    byId("qr").src = `/demo/qr?text=${encodeURIComponent(tip.invoice)}`;
    byId("invoice-text").textContent = tip.invoice;
    byId("invoice-amount").textContent = tip.amount;
    byId("tip-title").textContent = "Invoice";
    byId("tip-title").focus();
    panel.scrollTop = 0;
    announce(`Invoice over ${tip.amount} CKB. It can be paid for ${timeLeft()}.`);
    stopCounting = repeat(async () => countDown(), 250);
    stopAsking = repeat(ask, 400);
  });
});

async function ask() {
  const asked = tip.invoice;
  const answer = await call(`/demo/tip?invoice=${encodeURIComponent(asked)}`);
  if (tip?.invoice === asked && answer.state !== tip.state) show(answer);
}

function timeLeft() {
  const seconds = Math.max(0, Math.ceil((Date.parse(tip.expiresAt) - Date.now()) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = hours ? [hours, String(minutes).padStart(2, "0")] : [minutes];
  return [...parts, String(seconds % 60).padStart(2, "0")].join(":");
}

function countDown() {
  byId("expiry").textContent = timeLeft();
}

byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(tip.invoice);
    byId("copy").textContent = "Copied";
    announce("The invoice was copied.");
    setTimeout(() => { byId("copy").textContent = "Copy"; }, 2000);
  } catch {
    getSelection().selectAllChildren(byId("invoice-text"));
    announce("The invoice is selected: copy it with your keyboard.");
  }
});

byId("pay").addEventListener("click", () => whileBusy(byId("pay"), async () => {
  byId("pay-error").textContent = "";
  byId("pay").textContent = "Paying…";
  try {
    await call("/demo/wallet/pay", { invoice: tip.invoice });
    await ask();
  } catch (refusal) {
    showRefusal(refusal, {}, byId("pay-error"));
  } finally {
    byId("pay").textContent = "Pay as a wallet";
  }
}));

function show(next) {
  tip = next;
  const [settled, ended] = [tip.state === "SETTLED", tip.state === "FAILED"];
  pill(byId("state"), tip.state);
  const focusWasBelow = byId("unpaid").contains(document.activeElement);
  byId("unpaid").hidden = settled || ended;
  byId("next").hidden = !settled && !ended;
  byId("to-creator").hidden = !settled;
  byId("settled").hidden = !settled;
  byId("stage").className = settled ? "stage done" : ended ? "stage ended" : "stage";
  byId("qr").alt = settled ? "" : "QR code of the invoice";
  showFacts();
  if (settled) {
    stopAsking();
    stopCounting();
    byId("tip-title").textContent = "Thank you";
    byId("settled-text").textContent = `Mira has ${tip.amount} CKB more`;
    byId("settled-message").hidden = !tip.message;
    byId("settled-message").textContent = `“${tip.message}”`;
    announce(`Settled: ${tip.amount} CKB were credited to Mira.`);
    showPost();
  }
  if (ended) announce("The invoice ended unpaid.");
  if (focusWasBelow && (settled || ended)) byId("tip-title").focus({ preventScroll: true });
}

function showFacts() {
  const facts = [[tip.createdAt, "Invoice created", "Stored with its payment hash before the node was asked for it."]];
  if (tip.state === "SETTLED") {
    const [entry] = tip.entries;
    facts.push([tip.settledAt, "Paid", "Fiber Link asked the node, and the node says so. Nothing else counts."]);
    facts.push([entry.at, "Credited once", `Ledger entry ${entry.number}: ${entry.amount} CKB from the node’s channels to Mira. Never twice for one payment hash.`]);
  }
  if (tip.state === "FAILED") facts.push([tip.expiresAt, "Ended unpaid", "The node says so. Should a payment still arrive, it is credited."]);
  const list = byId("facts");
  for (const [at, title, detail] of facts.slice(list.children.length)) {
    const head = element("p", "head", element("strong", "", title), clockTime(at));
    list.append(element("li", "", head, element("p", "detail", detail)));
  }
}

let shown = "";
async function showPost() {
  const { count, tips } = await call("/demo/post");
  const now = JSON.stringify([count, tips]);
  if (now === shown) return;
  shown = now;
  byId("tip-count").textContent = count === 0 ? "Be the first to say thank you" : count === 1 ? "1 tip" : `${count} tips`;
  byId("supporters").hidden = tips.length === 0;
  byId("supporters").replaceChildren(...tips.map((given) =>
    element("li", "", element("span", "sum-tag", `${given.amount} CKB`), element("span", "words", given.message ?? "A reader"))));
}
repeat(showPost, 3000);
