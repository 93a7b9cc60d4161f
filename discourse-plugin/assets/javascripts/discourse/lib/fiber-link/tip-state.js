/**
 * What a tip can be, as its giver sees it: the words are at `fiber_link.tip.states.*`, and
 * `nextStep` is what the modal offers first. `unavailable` is no state of a tip: nobody
 * knows yet whether there is one.
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
