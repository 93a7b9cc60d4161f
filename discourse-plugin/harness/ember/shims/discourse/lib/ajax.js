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

function failure(xhr, textStatus) {
  const { status, responseText } = xhr;
  return {
    jqXHR: {
      status,
      responseText,
      responseJSON: parsed(responseText),
      getResponseHeader: (name) => xhr.getResponseHeader(name),
    },
    textStatus,
  };
}

function send(type, url, headers, body) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(type, url);
    for (const [name, value] of Object.entries(headers)) {
      xhr.setRequestHeader(name, value);
    }
    xhr.onload = () => {
      const json = parsed(xhr.responseText);
      if (xhr.status >= 200 && xhr.status < 300 && json !== undefined) {
        run(() => resolve(json));
      } else {
        const kind = xhr.status < 300 ? "parsererror" : "error";
        run(() => reject(failure(xhr, kind)));
      }
    };
    xhr.onerror = () => run(() => reject(failure(xhr, "error")));
    xhr.ontimeout = () => run(() => reject(failure(xhr, "timeout")));
    xhr.send(body);
  });
}

async function request(url, options) {
  const type = (options.type ?? options.method ?? "GET").toUpperCase();
  const headers = {
    Accept: "application/json, text/javascript, */*; q=0.01",
    "X-Requested-With": "XMLHttpRequest",
  };
  const form = formEncoded(options.data);
  if (SAFE.includes(type)) {
    return send(type, getURL(form ? `${url}?${form}` : url), headers);
  }
  if (!Session.currentProp("csrfToken")) {
    await updateCsrfToken();
  }
  headers["X-CSRF-Token"] = Session.currentProp("csrfToken");
  headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8";
  return send(type, getURL(url), headers, form);
}

export function ajax(...args) {
  const [url, options] =
    typeof args[0] === "object" ? [args[0].url, args[0]] : [args[0], args[1]];
  return waitForPromise(request(url, options ?? {}));
}
