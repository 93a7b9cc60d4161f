// Runs the stand-in forum as a web server, with the built front end, against a Fiber Link server.

import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPage } from "../ember/build.mjs";
import { Visit } from "./pages.mjs";

const plugin = fileURLToPath(new URL("../..", import.meta.url));
const frontEnd = join(plugin, "harness/ember/out");

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((found) => listener.once("listening", found));
  const { port } = listener.address();
  await new Promise((closed) => listener.close(closed));
  return port;
}

export class Forum {
  /** The front end, once for all forums. */
  static async build() {
    await buildPage("forum");
    await copyFile(
      join(frontEnd, "ember/forum.html"),
      join(frontEnd, "index.html")
    );
  }

  /** Starts a forum whose plugin asks `server`, a Server or anything with `url`, `app` and `secret`. */
  static async start(server, settings = {}) {
    const forum = new Forum();
    forum.#folder = await mkdtemp(join(tmpdir(), "fiber-link-pages-"));
    const port = await freePort();
    forum.address = `http://127.0.0.1:${port}`;
    const environment = {
      ...process.env,
      FIBER_LINK_URL: server.url,
      FIBER_LINK_APP_ID: server.app,
      FIBER_LINK_APP_SECRET: server.secret,
      STAND_IN_FRONTEND: frontEnd,
      STAND_IN_LOG: join(forum.#folder, "log"),
      STAND_IN_BASE_URL: forum.address,
      // A poll whose page is gone holds a thread of the forum to its end, also when it stops.
      STAND_IN_POLL_SECONDS: "5",
      ...settings,
    };
    const words = [
      "-b",
      `tcp://127.0.0.1:${port}`,
      "-t",
      "8:64",
      "harness/rails/config.ru",
    ];
    forum.#process = spawn("puma", words, { cwd: plugin, env: environment });
    await forum.#begun();
    return forum;
  }

  #process;
  #folder;
  #log = "";

  async stop() {
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
    await rm(this.#folder, { recursive: true });
  }

  /** What the forum printed; for the messages of failed tests. */
  get log() {
    return this.#log;
  }

  /** A page of the forum as `username` sees it; without one as a visitor does. */
  async visit(browser, username, path, options = {}) {
    const cookies = username ? [await this.#logIn(username)] : [];
    const visit = await Visit.begin(browser, this, {
      folder: "forum",
      refusal: /status of (403|404|422|429|503)/,
      path,
      cookies,
      ...options,
    });
    visit.name = `${username ?? "visitor"}-${visit.name}`;
    await visit.page.locator("html[data-ready]").waitFor();
    // Ready is the application; what it shows comes after what it asks for.
    await visit.page.locator("#main-outlet h1").first().waitFor();
    return visit;
  }

  /** What the forum answers to a GET of `username`. */
  async read(username, path) {
    const { name, value } = await this.#logIn(username);
    const answer = await fetch(this.address + path, {
      headers: { cookie: `${name}=${value}` },
    });
    return answer.json();
  }

  /** An administrator merges the account of `username` into that of `target`; the id that is gone. */
  async merge(username, target) {
    const { id } = (await this.read("admin", `/u/${username}.json`)).user;
    const { name, value } = await this.#logIn("admin");
    const cookie = `${name}=${value}`;
    const asked = await fetch(`${this.address}/session/csrf.json`, {
      headers: { cookie },
    });
    const { csrf } = await asked.json();
    const answer = await fetch(`${this.address}/admin/users/${id}/merge.json`, {
      method: "POST",
      headers: { "x-csrf-token": csrf, cookie },
      body: new URLSearchParams({ target_username: target }),
    });
    if (!answer.ok) {
      throw new Error(`merging: ${answer.status} ${await answer.text()}`);
    }
    return String(id);
  }

  async #logIn(username) {
    const asked = await fetch(`${this.address}/session/csrf.json`);
    const { csrf } = await asked.json();
    const answer = await fetch(`${this.address}/session.json`, {
      method: "POST",
      headers: { "x-csrf-token": csrf, cookie: cookieOf(asked) },
      body: new URLSearchParams({ username }),
    });
    if (!answer.ok) {
      throw new Error(
        `logging in as ${username}: ${answer.status} ${await answer.text()}`
      );
    }
    const [name, value] = cookieOf(answer).split(/=(.*)/s);
    return { name, value };
  }

  #begun() {
    return new Promise((begun, failed) => {
      const read = (chunk) => {
        this.#log += chunk;
        if (this.#log.includes("Listening on")) {
          begun();
        }
      };
      this.#process.stdout.on("data", read);
      this.#process.stderr.on("data", read);
      this.#process.on("error", failed);
      this.#process.on("exit", (code) =>
        failed(new Error(`the forum ended with ${code}: ${this.#log}`))
      );
    });
  }
}

function cookieOf(answer) {
  return answer.headers.getSetCookie()[0].split(";")[0];
}
