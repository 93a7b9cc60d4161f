import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { i18n } from "discourse-i18n";
import PagedList from "../../lib/fiber-link/paged-list";
import { findTips } from "../../lib/fiber-link/wallet-api";
import FiberLinkChoices from "./choices";
import FiberLinkHistoryTip from "./history-tip";
import FiberLinkPagedList from "./paged-list";

const DIRECTIONS = ["received", "given"];

export default class FiberLinkTipHistory extends Component {
  @tracked direction = "received";

  #lists = Object.fromEntries(
    DIRECTIONS.map((direction) => [
      direction,
      new PagedList(async (before) => {
        const { tips, next } = await findTips(direction, before);
        return { items: tips, next };
      }),
    ])
  );

  constructor(owner, args) {
    super(owner, args);
    this.list.load();
  }

  get list() {
    return this.#lists[this.direction];
  }

  get choices() {
    return DIRECTIONS.map((value) => ({
      value,
      text: i18n(`fiber_link.wallet.tips.${value}`),
    }));
  }

  get empty() {
    return i18n(`fiber_link.wallet.tips.${this.direction}_empty`);
  }

  @action
  choose(direction) {
    this.direction = direction;
    if (!this.list.items) {
      this.list.load();
    }
  }

  @action
  loadMore() {
    return this.list.loadMore();
  }

  @action
  retry() {
    return this.list.retry();
  }

  <template>
    <section class="fiber-link-tip-history">
      <div class="fiber-link-wallet-page__section-head">
        <h3>{{i18n "fiber_link.wallet.tips.title"}}</h3>
        <FiberLinkChoices
          @choices={{this.choices}}
          @label={{i18n "fiber_link.wallet.tips.direction"}}
          @onChange={{this.choose}}
          @value={{this.direction}}
        />
      </div>
      <FiberLinkPagedList
        @empty={{this.empty}}
        @label={{i18n "fiber_link.wallet.tips.title"}}
        @list={{this.list}}
        @loadMore={{this.loadMore}}
        @retry={{this.retry}}
        as |tip|
      >
        <FiberLinkHistoryTip @tip={{tip}} />
      </FiberLinkPagedList>
    </section>
  </template>
}
