// Runs the demo as its users do: the program itself, on a free port.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));

function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
  const path = process.env.FIBER_LINK_BIN ?? join(target, "debug", "fiber-link");
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build -p fiber-link-server`);
  return path;
}

export class Demo {
  #process;
  #folder;
  #log = "";

  /** Starts a demo with a data folder of its own. */
  static async start() {
    const demo = new Demo();
    demo.#folder = await mkdtemp(join(tmpdir(), "fiber-link-demo-"));
    await demo.#run();
    return demo;
  }

  /** Ends the program as Ctrl-C does, and starts it again on the same data. */
  async restart() {
    await this.#end();
    await this.#run();
  }

  async stop() {
    await this.#end();
    await rm(this.#folder, { recursive: true });
  }

  /** Does something to the simulated node. */
  async simulate(what, body) {
    const response = await fetch(`${this.address}/simulator/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`/simulator/${what}: ${await response.text()}`);
    return response.json();
  }

  async #run() {
    const settings = Object.entries(process.env).filter(([name]) => !name.startsWith("FIBER_LINK_"));
    this.#process = spawn(program(), ["demo", "--listen", "127.0.0.1:0", "--data", join(this.#folder, "data")], {
      cwd: this.#folder,
      env: Object.fromEntries(settings),
    });
    this.address = await new Promise((found, failed) => {
      const read = (chunk) => {
        this.#log += chunk;
        const address = this.#log.match(/listens on (http:\S+)/)?.[1];
        if (address) found(address);
      };
      this.#process.stdout.on("data", read);
      this.#process.stderr.on("data", read);
      this.#process.on("error", failed);
      this.#process.on("exit", (code) => failed(new Error(`the demo ended with ${code}: ${this.#log}`)));
    });
  }

  async #end() {
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill("SIGINT");
    const code = await ended;
    if (code !== 0) throw new Error(`the demo ended with ${code}: ${this.#log}`);
    this.#log = "";
  }
}
