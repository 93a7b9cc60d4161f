import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { modifier } from "ember-modifier";
import DButton from "discourse/ui-kit/d-button";
import { i18n } from "discourse-i18n";
import { isPositive } from "../../lib/fiber-link/decimal";
import PagedList from "../../lib/fiber-link/paged-list";
import SlowRefresh from "../../lib/fiber-link/slow-refresh";
import { findWithdrawals } from "../../lib/fiber-link/wallet-api";
import { isOpen } from "../../lib/fiber-link/withdrawal-state";
import FiberLinkPagedList from "./paged-list";
import FiberLinkWithdrawal from "./withdrawal";
import FiberLinkWithdrawalForm from "./withdrawal-form";

const REFRESH_AFTER = 10_000;
const REFRESH_AT_LEAST_EVERY = 120_000;

// Withdrawals with what happens next, and the form for a new one. While one is open the
// list refreshes itself, slower and slower.
/** @extends {Component<{ Args: { balances: { asset: string, available: string }[], onChange?: () => void, refreshAfter?: number } }>} */
export default class FiberLinkWithdrawals extends Component {
  @tracked isFormShown = false;

  list = new PagedList(async (before) => {
    const { withdrawals, next } = await findWithdrawals(before);
    return { items: withdrawals, next };
  });

  registerToggle = modifier((element) => {
    this.#toggle = element;
  });

  #toggle = null;

  #refreshing = new SlowRefresh({
    refresh: () => this.#refresh(),
    wanted: () => this.list.items?.some(isOpen) ?? false,
    first: this.args.refreshAfter ?? REFRESH_AFTER,
    longest: REFRESH_AT_LEAST_EVERY,
  });

  constructor(owner, args) {
    super(owner, args);
    this.#load();
  }

  willDestroy() {
    super.willDestroy();
    this.#refreshing.stop();
  }

  get assets() {
    return this.args.balances
      .filter(({ available }) => isPositive(available))
      .map(({ asset }) => asset);
  }

  get canWithdraw() {
    return this.assets.length > 0;
  }

  @action
  async loadMore() {
    await this.list.loadMore();
    this.#startRefreshing();
  }

  @action
  async retry() {
    await this.list.retry();
    this.#startRefreshing();
  }

  @action
  toggleForm() {
    this.isFormShown = !this.isFormShown;
  }

  @action
  withdrawn(withdrawal) {
    // The button that was pressed goes away with the form.
    this.#toggle?.focus();
    this.isFormShown = false;
    this.list.prepend(withdrawal);
    this.#startRefreshing();
    this.args.onChange?.();
  }

  async #load() {
    await this.list.load();
    this.#startRefreshing();
  }

  // The balance changes when a withdrawal ends.
  async #refresh() {
    const openBefore = this.#openCount;
    await this.list.refresh();
    if (this.#openCount !== openBefore) {
      this.args.onChange?.();
    }
  }

  get #openCount() {
    return this.list.items.filter(isOpen).length;
  }

  #startRefreshing() {
    if (!this.isDestroying) {
      this.#refreshing.start();
    }
  }

  <template>
    <section class="fiber-link-withdrawals">
      <div class="fiber-link-wallet-page__section-head">
        <h3>{{i18n "fiber_link.withdrawal.title"}}</h3>
        {{#if this.canWithdraw}}
          <DButton
            @action={{this.toggleForm}}
            @ariaControls="fiber-link-withdrawal-form"
            @ariaExpanded={{this.isFormShown}}
            @icon={{if this.isFormShown "xmark" "arrow-up-from-bracket"}}
            @label={{if
              this.isFormShown
              "fiber_link.withdrawal.close_form"
              "fiber_link.withdrawal.open_form"
            }}
            class="{{if this.isFormShown 'btn-default' 'btn-primary'}}
              fiber-link-withdrawals__toggle"
            {{this.registerToggle}}
          />
        {{else}}
          <span class="fiber-link-withdrawals__nothing">{{i18n
              "fiber_link.withdrawal.nothing_available"
            }}</span>
        {{/if}}
      </div>
      <div
        id="fiber-link-withdrawal-form"
        class="fiber-link-withdrawals__form"
        hidden={{if this.isFormShown false true}}
      >
        {{#if this.isFormShown}}
          <FiberLinkWithdrawalForm
            @assets={{this.assets}}
            @onWithdrawn={{this.withdrawn}}
          />
        {{/if}}
      </div>
      <FiberLinkPagedList
        @empty={{i18n "fiber_link.withdrawal.empty"}}
        @label={{i18n "fiber_link.withdrawal.title"}}
        @list={{this.list}}
        @loadMore={{this.loadMore}}
        @retry={{this.retry}}
        as |withdrawal|
      >
        <FiberLinkWithdrawal @withdrawal={{withdrawal}} />
      </FiberLinkPagedList>
    </section>
  </template>
}
