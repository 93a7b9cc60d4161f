import { run } from "@ember/runloop";
import { waitForPromise } from "@ember/test-waiters";
import getURL from "discourse/lib/get-url";
import Session from "discourse/models/session";

const SAFE = ["GET", "HEAD"];

export async function updateCsrfToken() {
  const { csrf } = await ajax("/session/csrf.json");
  Session.currentProp("csrfToken", csrf);
}

// As jQuery writes a form: nothing is left out, null and undefined become "".
function formEncoded(data) {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data ?? {})) {
    form.append(name, value ?? "");
  }
  return form.toString();
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// As jQuery's: without any answer the ready state is 0, whatever the browser's is.
function jqXHROf(xhr) {
  const { status, responseText } = xhr;
  return {
    readyState: status > 0 ? 4 : 0,
    status,
    responseText,
    responseJSON: parsed(responseText),
    getResponseHeader: (name) => xhr.getResponseHeader(name),
  };
}

// What jQuery makes of a body: JSON where it was asked for or is said to be.
function dataOf(xhr, wantsJSON) {
  if (xhr.status === 204) {
    return { data: undefined };
  }
  const type = xhr.getResponseHeader("Content-Type") ?? "";
  if (!wantsJSON && !type.includes("json")) {
    return { data: xhr.responseText };
  }
  const data = parsed(xhr.responseText);
  return data === undefined ? { textStatus: "parsererror" } : { data };
}

function exchange({ type, url, headers, body, timeout }) {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.open(type, url);
    if (timeout) {
      xhr.timeout = timeout;
    }
    for (const [name, value] of Object.entries(headers)) {
      xhr.setRequestHeader(name, value);
    }
    const answer = (result) => resolve({ jqXHR: jqXHROf(xhr), ...result });
    xhr.onload = () => {
      const isSuccess = xhr.status >= 200 && xhr.status < 300;
      answer(
        isSuccess ? dataOf(xhr, SAFE.includes(type)) : { textStatus: "error" }
      );
    };
    xhr.onerror = () => answer({ textStatus: "error" });
    xhr.ontimeout = () => answer({ textStatus: "timeout" });
    xhr.send(body);
  });
}

// As Discourse does: a request that never left, or whose answer never came, settles only
// if it is told so; a 200 that cannot be read is a success with the request as its data.
async function send(request, { resolve, reject, ignoreUnsent }) {
  const { jqXHR, data, textStatus } = await waitForPromise(exchange(request));
  run(() => {
    if (!textStatus) {
      resolve(data);
    } else if (ignoreUnsent && jqXHR.readyState === 0) {
      return;
    } else if (jqXHR.status === 200) {
      resolve(jqXHR);
    } else {
      if (jqXHR.status === 403 && jqXHR.responseText === '["BAD CSRF"]') {
        Session.currentProp("csrfToken", null);
      }
      reject({ jqXHR, textStatus });
    }
  });
}

function requestFor(url, options) {
  const { data, timeout } = options;
  const type = (options.type ?? options.method ?? "GET").toUpperCase();
  const headers = {
    Accept: "application/json, text/javascript, */*; q=0.01",
    "X-Requested-With": "XMLHttpRequest",
  };
  const form = formEncoded(data);
  if (SAFE.includes(type)) {
    const address = getURL(form ? `${url}?${form}` : url);
    return { type, url: address, headers, timeout };
  }
  headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8";
  return { type, url: getURL(url), headers, body: form, timeout };
}

export function ajax(...args) {
  const [url, options = {}] =
    typeof args[0] === "object" ? [args[0].url, args[0]] : [args[0], args[1]];
  const { ignoreUnsent = true } = options;
  const request = requestFor(url, options);
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject, ignoreUnsent };
    if (SAFE.includes(request.type)) {
      send(request, settle);
      return;
    }
    // A token that cannot be had is not told to anybody.
    const token = Session.currentProp("csrfToken");
    Promise.resolve(token ? null : updateCsrfToken()).then(
      () => {
        request.headers["X-CSRF-Token"] = Session.currentProp("csrfToken");
        send(request, settle);
      },
      () => {}
    );
  });
}
