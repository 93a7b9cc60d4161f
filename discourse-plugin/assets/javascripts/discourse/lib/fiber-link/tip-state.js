/**
 * What a tip can be, as its giver sees it: the words are at `fiber_link.tip.states.*`, and
 * `nextStep` is what the modal offers first. Those after `settled` are no states of a tip:
 * it was an earlier invoice that was paid, the invoice of an open tip is older than it may
 * be by this clock or makes no sense, nobody knows yet whether there is a tip, or the
 * server is newer and says something that means nothing here.
 */
export const TIP_STATES = Object.freeze({
  open: {
    icon: "far-clock",
    tone: "waiting",
    nextStep: "open_wallet",
  },
  expired: {
    icon: "clock-rotate-left",
    tone: "warning",
    nextStep: "new_invoice",
  },
  failed: {
    icon: "circle-xmark",
    tone: "danger",
    nextStep: "new_invoice",
  },
  settled: {
    icon: "circle-check",
    tone: "success",
    nextStep: "close",
  },
  paid_earlier: {
    icon: "circle-check",
    tone: "success",
    nextStep: "close",
  },
  time_is_up: {
    icon: "clock-rotate-left",
    tone: "warning",
    nextStep: "new_invoice",
  },
  broken: {
    icon: "triangle-exclamation",
    tone: "danger",
    nextStep: "new_invoice",
  },
  unavailable: {
    icon: "triangle-exclamation",
    tone: "warning",
    nextStep: "retry",
  },
  unknown: {
    icon: "triangle-exclamation",
    tone: "warning",
    nextStep: "close",
  },
});

const RANKS = Object.freeze({ open: 0, expired: 1, failed: 1, settled: 2 });

function rank(state) {
  return RANKS[state] ?? -1;
}

export function isKnown(state) {
  return Object.hasOwn(RANKS, state);
}

export function isWaiting(state) {
  return state === "open";
}

export function isFinal(state) {
  return state === "settled";
}

/**
 * Answers may overtake each other. A payment may be late, but it is never taken back: only
 * a later state replaces an earlier one.
 */
export function isLater(state, than) {
  return rank(state) > rank(than);
}
