export const SAM = {
  id: 5,
  username: "sam",
  name: "Sam Saffron",
  avatar_template: "/letter_avatar_proxy/v4/letter/s/bbb/{size}.png",
};

// What somebody would write who wants to find out whether anything runs it.
export const HOSTILE = `<img src=x onerror="globalThis.__ran = true"><script>globalThis.__ran = true</script>%{amount}&amp;`;

// Not exact as a JavaScript number.
export const BEYOND_NUMBERS = "9007199254740993.00000001";

export function balance(changes) {
  return {
    asset: "CKB",
    available: "120.5",
    reserved: "0",
    pending: "0",
    ...changes,
  };
}

export function preferences(changes) {
  return {
    accepts_tips: true,
    notified: true,
    on_leaderboard: false,
    ...changes,
  };
}

export function wallet(changes) {
  return { balances: [balance()], former_accounts: [], ...changes };
}

export function tip(changes) {
  return {
    id: "t1",
    direction: "received",
    user: SAM,
    post: { id: 42, url: "/t/a-topic/7/2", topic_title: "A topic" },
    asset: "CKB",
    amount: "12.5",
    message: null,
    anonymous: false,
    state: "settled",
    created_at: "2026-11-20T10:00:00Z",
    settled_at: "2026-11-20T10:01:00Z",
    ...changes,
  };
}

export function withdrawal(changes) {
  return {
    id: "w1",
    state: "pending",
    asset: "CKB",
    amount: "50",
    fee: "0.1",
    fee_is_final: false,
    destination: "fibt1invoice",
    created_at: "2026-11-20T10:00:00Z",
    updated_at: "2026-11-20T10:00:00Z",
    next_attempt_at: null,
    reason: null,
    ...changes,
  };
}

export function quote(changes) {
  return {
    asset: "CKB",
    amount: "50",
    fee: "0.1",
    total: "50.1",
    minimum: "1",
    maximum: "120.4",
    available: "120.5",
    valid: true,
    message: null,
    review: false,
    ...changes,
  };
}

// A promise that is settled by hand.
export function deferred() {
  const later = {};
  later.promise = new Promise((resolve, reject) => {
    Object.assign(later, { resolve, reject });
  });
  return later;
}
