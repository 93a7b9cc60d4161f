import { ajax } from "discourse/lib/ajax";
import { i18n } from "discourse-i18n";
import { browserClock } from "./clock";

const LONGEST_WORDS = 500;
// Longer than the forum waits for the service.
const LONGEST_REQUEST = 45_000;
// The token for it comes first, and nothing limits that.
const LONGEST_WAIT = 60_000;

/**
 * What went wrong with a request. `kind` is one of `unavailable` (nobody knows whether it
 * was done: the same request may be sent again), `refused`, `rate_limited`,
 * `not_logged_in`, `forbidden` and `not_found`.
 */
export class ApiError extends Error {
  /**
   * @param {string} kind
   * @param {{words: string, reason?: string, fields?: {field: string, message: string}[], waitSeconds?: number}} details
   */
  constructor(kind, { words, reason, fields = [], waitSeconds }) {
    super(`${kind}: ${words}`);
    this.kind = kind;
    this.words = words;
    this.reason = reason;
    this.fields = fields;
    this.waitSeconds = waitSeconds;
  }

  /** The words for one field, or undefined. */
  field(name) {
    return this.fields.find(({ field }) => field === name)?.message;
  }
}

function kindOf(status, errorType) {
  switch (status) {
    case 400:
    case 422:
      return "refused";
    case 403:
      return errorType === "not_logged_in" ? "not_logged_in" : "forbidden";
    case 404:
      return "not_found";
    case 429:
      return "rate_limited";
    default:
      return "unavailable";
  }
}

function text(value) {
  return typeof value === "string" && value.trim()
    ? value.slice(0, LONGEST_WORDS)
    : undefined;
}

function fieldsOf(extras) {
  const fields = Array.isArray(extras.fields) ? extras.fields : [];
  return fields
    .filter(Boolean)
    .map(({ field, message }) => ({ field, message: text(message) }))
    .filter(({ message }) => message);
}

function secondsToWait(extras, jqXHR) {
  const seconds =
    extras.wait_seconds ?? jqXHR.getResponseHeader?.("Retry-After");
  return Number.isFinite(Number(seconds)) && Number(seconds) > 0
    ? Math.ceil(Number(seconds))
    : 60;
}

/**
 * @param {any} error what Discourse's ajax rejects with
 * @returns {ApiError}
 */
export function toApiError(error) {
  const jqXHR = error?.jqXHR;
  if (!jqXHR) {
    throw error;
  }
  const answer = jqXHR.responseJSON ?? {};
  const extras = answer.extras ?? {};
  const kind = kindOf(jqXHR.status, answer.error_type);
  if (kind === "rate_limited") {
    const waitSeconds = secondsToWait(extras, jqXHR);
    const words = i18n("fiber_link.errors.rate_limited", {
      count: waitSeconds,
    });
    return new ApiError(kind, { words, waitSeconds });
  }
  const own = i18n(`fiber_link.errors.${kind}`);
  const words = kind === "refused" ? (text(answer.errors?.[0]) ?? own) : own;
  const { reason } = extras;
  return new ApiError(kind, { words, reason, fields: fieldsOf(extras) });
}

function withoutBlanks(data) {
  return Object.fromEntries(
    Object.entries(data).filter(
      ([, value]) => value !== null && value !== undefined && value !== ""
    )
  );
}

function unavailable() {
  return new ApiError("unavailable", {
    words: i18n("fiber_link.errors.unavailable"),
  });
}

// Not every request that is lost is told: without a token nothing is sent and nothing
// said. Whoever waits has to hear of it.
function untilTooLate(asking) {
  return new Promise((resolve, reject) => {
    const cancel = browserClock.after(LONGEST_WAIT, () =>
      reject(unavailable())
    );
    asking.then(resolve, reject).finally(cancel);
  });
}

function has(answer, member) {
  return (
    typeof answer === "object" &&
    answer !== null &&
    answer[member] !== undefined
  );
}

/**
 * Asks the forum; rejects with an ApiError. An answer without the member that it is asked
 * for may come from anybody between: it says nothing about what was done.
 *
 * @param {string} path
 * @param {{type?: string, data?: Record<string, any>}} [options]
 * @param {string} [member] what the answer must have
 */
export async function request(
  path,
  { type = "GET", data = {} } = {},
  member = undefined
) {
  const asking = ajax(path, {
    type,
    data: withoutBlanks(data),
    ignoreUnsent: false,
    timeout: LONGEST_REQUEST,
  });
  let answer;
  try {
    answer = await untilTooLate(asking);
  } catch (error) {
    throw error instanceof ApiError ? error : toApiError(error);
  }
  if (member !== undefined && !has(answer, member)) {
    throw unavailable();
  }
  return answer;
}

async function requestTip(path, options = {}) {
  const answer = await request(path, options, "tip");
  if (typeof answer.tip?.state !== "string") {
    throw unavailable();
  }
  return answer;
}

export function createTip(data) {
  return requestTip("/fiber-link/tips.json", { type: "POST", data });
}

/** The tip may be null: there is none that is open. */
export function findOpenTip(postId) {
  return request(
    "/fiber-link/tips/open.json",
    { data: { post_id: postId } },
    "tip"
  );
}

export function findTip(id) {
  return requestTip(`/fiber-link/tips/${encodeURIComponent(id)}.json`);
}

export function findTipOptions(postId) {
  return request(
    "/fiber-link/tips/options.json",
    { data: { post_id: postId } },
    "assets"
  );
}

export function findTipsOfPost(postId, before) {
  return request(
    `/fiber-link/posts/${encodeURIComponent(postId)}/tips.json`,
    { data: { before } },
    "tips"
  );
}
