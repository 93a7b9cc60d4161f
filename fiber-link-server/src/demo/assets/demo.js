// What both views share.

export const byId = (id) => document.getElementById(id);

/** An answer that says what is wrong, and with which field. */
export class Refusal extends Error {
  constructor({ field, message }) {
    super(message);
    this.field = field;
  }
}

export async function call(path, body) {
  const request = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Refusal({ message: "the demo does not answer; is it still running?" });
  }
  const answer = await response.json().catch(() => ({ message: "the demo gave no usable answer" }));
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

/** Tells people who cannot see the page what changed on it. */
export function announce(text) {
  byId("status").textContent = text;
}

/** Calls `step` again and again, one call at a time and not while nobody looks, until it is stopped. */
export function repeat(step, milliseconds) {
  let stopped = false;
  const turn = async () => {
    if (!document.hidden) await step().catch(() => {});
    if (!stopped) setTimeout(turn, milliseconds);
  };
  turn();
  return () => { stopped = true; };
}

/** Shows a refusal at its field and moves there, or at `otherwise` where it has no field. */
export function showRefusal(refusal, fields, otherwise) {
  if (!(refusal instanceof Refusal)) throw refusal;
  const field = fields[refusal.field];
  if (field) {
    setError(field, refusal.message);
    field.focus();
  } else {
    otherwise.textContent = refusal.message;
    announce(refusal.message);
  }
}

/** Says what is wrong with a field; an empty message says that nothing is. */
export function setError(field, message) {
  byId(`${field.id}-error`).textContent = message;
  field.setAttribute("aria-invalid", String(message !== ""));
}

/** Runs `work` unless it is running for this button already. */
export async function whileBusy(button, work) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await work();
  } finally {
    button.ariaDisabled = null;
  }
}

/** Makes an element of text and elements: nothing that people wrote is ever read as HTML. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function clockTime(iso) {
  const text = new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const time = element("time", "", text);
  time.dateTime = iso;
  return time;
}

export function pill(target, state) {
  const kinds = { SETTLED: "good", COMPLETED: "good", FAILED: "bad" };
  target.className = `pill ${kinds[state] ?? "wait"}`;
  target.textContent = state.replace("_", " ");
}
