import { i18n } from "discourse-i18n";

export const TOO_MANY_REQUESTS = 429;

export function extractError(error, defaultMessage) {
  return (
    error?.jqXHR?.responseJSON?.errors?.[0] ??
    defaultMessage ??
    i18n("errors.unknown")
  );
}

export function isRateLimitError(error) {
  return error?.jqXHR?.status === TOO_MANY_REQUESTS;
}

export function rateLimitWaitSeconds(error) {
  return error?.jqXHR?.responseJSON?.extras?.wait_seconds;
}

// Discourse opens a dialog.
export function popupAjaxError(error) {
  const message = extractError(error);
  window.dispatchEvent(
    new CustomEvent("popup-ajax-error", { detail: message })
  );
}
