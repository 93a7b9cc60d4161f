const ICONS = {
  open: "clock",
  settled: "circle-check",
  expired: "hourglass-start",
  failed: "circle-xmark",
};

export function historyTipState(state) {
  const name = Object.hasOwn(ICONS, state) ? state : "unknown";
  return {
    icon: ICONS[name] ?? "circle-question",
    label: `fiber_link.wallet.tips.state.${name}`,
  };
}
