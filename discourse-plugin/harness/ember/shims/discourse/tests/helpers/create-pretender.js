import Pretender from "pretender";
import { TOO_MANY_REQUESTS } from "discourse/lib/ajax-error";

let server;

export function parsePostData(query) {
  return Object.fromEntries(new URLSearchParams(query));
}

export function response(code, obj) {
  const [status, body] = typeof code === "object" ? [200, code] : [code, obj];
  return [status, { "Content-Type": "application/json" }, JSON.stringify(body)];
}

export function success() {
  return response({ success: true });
}

export function resetPretender() {
  server?.shutdown();
  server = new Pretender();
  server.get("/session/csrf.json", () => response({ csrf: "csrf-of-tests" }));
  server.unhandledRequest = (verb, path) => {
    throw new Error(`nobody answers ${verb} ${path}`);
  };
  server.erroredRequest = (verb, path, request, error) => {
    throw error;
  };
  applyDefaultHandlers();
  return server;
}

// What Discourse's own pretender answers without being told, as far as a plugin asks.
export function applyDefaultHandlers() {
  server.get("/session/csrf.json", () => response({ csrf: "of the test" }));
}

export { TOO_MANY_REQUESTS };

export default new Proxy(
  {},
  {
    get(_, name) {
      const value = server[name];
      return typeof value === "function" ? value.bind(server) : value;
    },
  }
);
