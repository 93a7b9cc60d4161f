import { tracked } from "@glimmer/tracking";
import failureOf from "./failure-of";

// A list that comes page by page, newest first. `fetchPage(before)` answers
// `{items, next}`.
export default class PagedList {
  @tracked items = null;
  @tracked next = null;
  @tracked isLoading = false;
  @tracked failure = null;

  #fetchPage;
  #pages = 0;
  #lastRead = null;
  // Not tracked: it is read and set while a component is being made.
  #isReading = false;

  constructor(fetchPage) {
    this.#fetchPage = fetchPage;
  }

  get isRead() {
    return this.items !== null;
  }

  get isEmpty() {
    return this.items?.length === 0;
  }

  get hasMore() {
    return this.next !== null;
  }

  load() {
    return this.#exclusively(async () => {
      const page = await this.#fetchPage(null);
      this.#pages = 1;
      this.items = page.items;
      this.next = page.next ?? null;
    });
  }

  loadMore() {
    if (!this.hasMore) {
      return;
    }
    return this.#exclusively(async () => {
      const page = await this.#fetchPage(this.next);
      this.#pages++;
      this.items = withoutRepeats([...this.items, ...page.items]);
      this.next = page.next ?? null;
    });
  }

  // Reads again as many pages as are shown. What was there stays until all have come.
  refresh() {
    return this.#exclusively(async () => {
      let items = [];
      let next = null;
      let pages = 0;
      do {
        const page = await this.#fetchPage(next);
        items = [...items, ...page.items];
        next = page.next ?? null;
        pages++;
      } while (next !== null && pages < this.#pages);
      this.#pages = pages;
      this.items = withoutRepeats(items);
      this.next = next;
    });
  }

  // What failed, again.
  retry() {
    return this.#exclusively(this.#lastRead);
  }

  // Shows an item at once that the next refresh will bring as well.
  prepend(item) {
    this.items = withoutRepeats([item, ...(this.items ?? [])]);
  }

  async #exclusively(read) {
    if (this.#isReading) {
      return;
    }
    this.#lastRead = read;
    this.#isReading = true;
    this.isLoading = true;
    this.failure = null;
    try {
      await read();
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.#isReading = false;
      this.isLoading = false;
    }
  }
}

// Pages may overlap when something new came between two of them.
function withoutRepeats(items) {
  const seen = new Set();
  return items.filter(({ id }) => {
    if (seen.has(id)) {
      return false;
    }
    seen.add(id);
    return true;
  });
}
