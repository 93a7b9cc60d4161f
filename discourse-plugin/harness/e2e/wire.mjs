// Stands between forum and server: counts what is asked, and loses answers.

import { createServer, request as ask } from "node:http";

export class Wire {
  static async before(server) {
    const wire = new Wire();
    wire.#server = server;
    wire.app = server.app;
    wire.secret = server.secret;
    wire.#listener = createServer((request, response) =>
      wire.#pass(request, response)
    );
    wire.#listener.listen(0, "127.0.0.1");
    await new Promise((done) => wire.#listener.once("listening", done));
    wire.url = `http://127.0.0.1:${wire.#listener.address().port}`;
    return wire;
  }

  requests = 0;
  #server;
  #listener;
  #lost = new Map();

  /** The next `times` answers to a method never arrive; what was asked is done. When all are lost. */
  lose(method, times = 1) {
    return new Promise((lost) => this.#lost.set(method, { times, lost }));
  }

  async stop() {
    this.#listener.closeAllConnections();
    await new Promise((done) => this.#listener.close(done));
    await this.#server.stop();
  }

  async #pass(request, response) {
    this.requests += 1;
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const { method, url, headers } = request;
    const onward = ask(
      this.#server.url + url,
      { method, headers },
      (answer) => {
        if (this.#isLost(body)) {
          answer.resume();
          answer.on("end", () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      }
    );
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    onward.end(body);
  }

  #isLost(body) {
    const { method } = JSON.parse(body);
    const losing = this.#lost.get(method);
    if (!losing) {
      return false;
    }
    losing.times -= 1;
    if (losing.times === 0) {
      this.#lost.delete(method);
      losing.lost();
    }
    return true;
  }
}
