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
  #isStarted = false;
  #newest = 0;
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

  // Those that a refresh brings.
  get newest() {
    return this.items?.slice(0, this.#newest) ?? [];
  }

  get hasMore() {
    return this.next !== null;
  }

  load() {
    return this.#exclusively(async () => {
      this.#start(await this.#fetchPage(null));
    });
  }

  loadMore() {
    if (!this.hasMore) {
      return;
    }
    return this.#exclusively(async () => {
      const page = await this.#fetchPage(this.next);
      this.items = withoutRepeats([...this.items, ...page.items]);
      this.next = page.next ?? null;
    });
  }

  // Reads the first page again without a word: nothing shows that it is under way, and
  // where it fails all stays as it is.
  async refresh() {
    let page;
    try {
      page = await this.#fetchPage(null);
    } catch (error) {
      failureOf(error);
      return;
    }
    if (this.#continues(page)) {
      this.#newest = page.items.length;
      this.items = withChanges(this.items, page.items);
    } else {
      this.#start(page);
    }
  }

  // What failed, again.
  retry() {
    return this.#exclusively(this.#lastRead);
  }

  // Shows an item at once that the next refresh will bring as well.
  prepend(item) {
    if (!this.items?.some(({ id }) => id === item.id)) {
      this.#newest++;
      this.items = [item, ...(this.items ?? [])];
    }
  }

  #start(page) {
    this.#isStarted = true;
    this.#newest = page.items.length;
    this.items = page.items;
    this.next = page.next ?? null;
    this.failure = null;
  }

  // Nothing is missing between a first page and what is shown, or nothing comes after it.
  #continues({ items, next }) {
    const shown = new Set(this.items?.map(({ id }) => id));
    return this.#isStarted && (!next || items.some(({ id }) => shown.has(id)));
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

function withChanges(shown, newest) {
  const changed = new Map(newest.map((item) => [item.id, item]));
  return withoutRepeats([
    ...newest.filter(({ id }) => !shown.some((item) => item.id === id)),
    ...shown.map((item) => changed.get(item.id) ?? item),
  ]);
}
