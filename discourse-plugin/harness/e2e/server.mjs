// Runs the Fiber Link server as a host does: the program itself, with the simulated node.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
  const path =
    process.env.FIBER_LINK_BIN ?? join(target, "debug", "fiber-link");
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: cargo build -p fiber-link-server`);
  }
  return path;
}

export class Server {
  /** Starts a server with a store of its own, and registers the forum as its app. */
  static async start({ app = "forum", ...settings } = {}) {
    const server = new Server();
    server.app = app;
    server.settings = settings;
    server.#folder = await mkdtemp(join(tmpdir(), "fiber-link-forum-"));
    server.secret = (
      await server.command("app", "create", app, "--no-review")
    ).match(/[0-9a-f]{64}/)[0];
    await server.#run();
    return server;
  }

  #folder;
  #process;
  #log = "";
  #port = 0;

  /** What a command of an operator prints. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(program(), words, {
      cwd: this.#folder,
      env: this.#environment(),
    });
    return stdout;
  }

  /** Does something to the simulated node, as payers and their wallets would. */
  async simulate(what, body) {
    const response = await fetch(`${this.url}/simulator/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`/simulator/${what}: ${await response.text()}`);
    }
    return response.json();
  }

  /** What the node really paid: amounts in base units. */
  async payments() {
    const response = await fetch(`${this.url}/simulator/payments`);
    return (await response.json()).payments;
  }

  /** Ends the server as its host would; `resume` brings it back at the same address. */
  async pause() {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) {
      return;
    }
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill("SIGTERM");
    await ended;
  }

  async resume() {
    await this.#run();
  }

  async stop() {
    await this.pause();
    await rm(this.#folder, { recursive: true });
  }

  get log() {
    return this.#log;
  }

  #environment() {
    const others = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("FIBER_LINK_")
    );
    return {
      ...Object.fromEntries(others),
      FIBER_LINK_STORE: `sqlite:${join(this.#folder, "forum.sqlite")}`,
      FIBER_LINK_NODE: "simulated",
      ...this.settings,
    };
  }

  async #run() {
    const from = this.#log.length;
    this.#process = spawn(
      program(),
      ["serve", "--listen", `127.0.0.1:${this.#port}`],
      {
        cwd: this.#folder,
        env: this.#environment(),
      }
    );
    this.url = await new Promise((found, failed) => {
      const read = (chunk) => {
        this.#log += chunk;
        const address = this.#log
          .slice(from)
          .match(/listens on (http:\S+)/)?.[1];
        if (address) {
          found(address);
        }
      };
      this.#process.stdout.on("data", read);
      this.#process.stderr.on("data", read);
      this.#process.on("error", failed);
      this.#process.on("exit", (code) =>
        failed(new Error(`the server ended with ${code}: ${this.#log}`))
      );
    });
    this.#port = Number(new URL(this.url).port);
  }
}
