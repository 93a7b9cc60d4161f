/**
 * What a tip can be, as its giver sees it: the words are at `fiber_link.tip.states.*`, and
 * `nextStep` is what the modal offers first. The last three are no states of a tip: the
 * invoice of an open one is older than it may be by this clock, or makes no sense, or
 * nobody knows yet whether there is a tip.
 */
export const TIP_STATES = Object.freeze({
  open: {
    icon: "far-clock",
    tone: "waiting",
    nextStep: "open_wallet",
    rank: 0,
  },
  expired: {
    icon: "clock-rotate-left",
    tone: "warning",
    nextStep: "new_invoice",
    rank: 1,
  },
  failed: {
    icon: "circle-xmark",
    tone: "danger",
    nextStep: "new_invoice",
    rank: 1,
  },
  settled: {
    icon: "circle-check",
    tone: "success",
    nextStep: "close",
    rank: 2,
  },
  time_is_up: {
    icon: "clock-rotate-left",
    tone: "warning",
    nextStep: "new_invoice",
    rank: 0,
  },
  broken: {
    icon: "triangle-exclamation",
    tone: "danger",
    nextStep: "new_invoice",
    rank: 0,
  },
  unavailable: {
    icon: "triangle-exclamation",
    tone: "warning",
    nextStep: "retry",
    rank: 0,
  },
});

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
  return (TIP_STATES[state]?.rank ?? -1) > TIP_STATES[than].rank;
}
