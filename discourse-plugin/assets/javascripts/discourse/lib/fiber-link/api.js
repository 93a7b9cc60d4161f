import { ajax } from "discourse/lib/ajax";
import { i18n } from "discourse-i18n";

const LONGEST_WORDS = 500;

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

/**
 * Asks the forum; rejects with an ApiError.
 *
 * @param {string} path
 * @param {{type?: string, data?: Record<string, any>}} [options]
 */
export async function request(path, { type = "GET", data = {} } = {}) {
  try {
    return await ajax(path, { type, data: withoutBlanks(data) });
  } catch (error) {
    throw toApiError(error);
  }
}

export function createTip(data) {
  return request("/fiber-link/tips.json", { type: "POST", data });
}

export function findOpenTip(postId) {
  return request("/fiber-link/tips/open.json", { data: { post_id: postId } });
}

export function findTip(id) {
  return request(`/fiber-link/tips/${encodeURIComponent(id)}.json`);
}

export function findTipOptions(postId) {
  return request("/fiber-link/tips/options.json", {
    data: { post_id: postId },
  });
}

export function findTipsOfPost(postId, before) {
  return request(`/fiber-link/posts/${encodeURIComponent(postId)}/tips.json`, {
    data: { before },
  });
}
