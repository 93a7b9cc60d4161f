// Each state of a withdrawal: its icon, how it is coloured, and whether it may still
// change by itself. The words are in the locale under `fiber_link.withdrawal.state` and,
// for what happens next, under `fiber_link.withdrawal.next`.
const STATES = {
  awaiting_review: { icon: "user-check", tone: "waiting", open: true },
  waiting_for_liquidity: {
    icon: "hourglass-start",
    tone: "waiting",
    open: true,
  },
  pending: { icon: "clock", tone: "waiting", open: true },
  processing: { icon: "arrows-rotate", tone: "waiting", open: true },
  retrying: { icon: "arrow-rotate-right", tone: "waiting", open: true },
  completed: { icon: "circle-check", tone: "good", open: false },
  failed: { icon: "circle-xmark", tone: "bad", open: false },
  released: { icon: "arrow-rotate-left", tone: "bad", open: false },
  paid_after_release: {
    icon: "triangle-exclamation",
    tone: "bad",
    open: false,
  },
};

const UNKNOWN = { icon: "circle-question", tone: "waiting", open: false };

export const WITHDRAWAL_STATES = Object.keys(STATES);

export function withdrawalState(state) {
  const known = Object.hasOwn(STATES, state);
  const name = known ? state : "unknown";
  return {
    ...(known ? STATES[state] : UNKNOWN),
    label: `fiber_link.withdrawal.state.${name}`,
    next: `fiber_link.withdrawal.next.${name}`,
  };
}

export function isOpen(withdrawal) {
  return withdrawalState(withdrawal.state).open;
}
