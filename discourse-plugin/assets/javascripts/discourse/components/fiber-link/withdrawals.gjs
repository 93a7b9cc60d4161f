import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { service } from "@ember/service";
import { modifier } from "ember-modifier";
import DButton from "discourse/ui-kit/d-button";
import { i18n } from "discourse-i18n";
import { isPositive } from "../../lib/fiber-link/decimal";
import PagedList from "../../lib/fiber-link/paged-list";
import SentWithdrawals from "../../lib/fiber-link/sent-withdrawals";
import SlowRefresh from "../../lib/fiber-link/slow-refresh";
import { findWithdrawals } from "../../lib/fiber-link/wallet-api";
import WithdrawalDraft from "../../lib/fiber-link/withdrawal-draft";
import { isOpen } from "../../lib/fiber-link/withdrawal-state";
import FiberLinkPagedList from "./paged-list";
import FiberLinkWithdrawal from "./withdrawal";
import FiberLinkWithdrawalForm from "./withdrawal-form";

const REFRESH_AFTER = 10_000;
const REFRESH_AT_LEAST_EVERY = 120_000;

// Withdrawals with what happens next, and the form for a new one, whose draft stays when
// the form is closed. While a withdrawal is open, or nobody knows whether one was made, the
// list refreshes itself, slower and slower.
// With an account it is about one that was merged into one's own.
/** @extends {Component<{ Args: { account?: string, title?: string, balances: { asset: string, available: string }[], onChange?: () => void, refreshAfter?: number } }>} */
export default class FiberLinkWithdrawals extends Component {
  @service currentUser;

  @tracked isFormShown = false;
  @tracked draft = null;

  list = new PagedList(async (before) => {
    const { withdrawals, next } = await findWithdrawals(
      before,
      this.args.account
    );
    return { items: withdrawals, next };
  });

  registerHeading = modifier((element) => {
    this.#heading = element;
  });

  #heading = null;
  #sent;

  #refreshing = new SlowRefresh({
    refresh: () => this.#refresh(),
    wanted: () => this.draft?.isUnclear || this.#openCount > 0,
    first: this.args.refreshAfter ?? REFRESH_AFTER,
    longest: REFRESH_AT_LEAST_EVERY,
  });

  constructor(owner, args) {
    super(owner, args);
    const { account = this.currentUser.id } = this.args;
    this.#sent = new SentWithdrawals(`fiber-link-withdrawals-${account}`);
    this.#load();
  }

  willDestroy() {
    super.willDestroy();
    this.#refreshing.stop();
  }

  get formId() {
    const { account } = this.args;
    return account
      ? `fiber-link-withdrawal-form-${account}`
      : "fiber-link-withdrawal-form";
  }

  get title() {
    return this.args.title ?? i18n("fiber_link.withdrawal.title");
  }

  get assets() {
    return this.args.balances
      .filter(({ available }) => isPositive(available))
      .map(({ asset }) => asset);
  }

  get canWithdraw() {
    return this.assets.length > 0;
  }

  // The form stays where it was opened, also when nothing is left to withdraw by now.
  get showsToggle() {
    return this.canWithdraw || this.isFormShown;
  }

  // A draft is not taken from its asset.
  get formAssets() {
    return [...new Set([...this.assets, this.draft.asset])];
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
    if (this.isFormShown && !this.draft?.destination) {
      this.draft = new WithdrawalDraft(
        this.assets[0],
        this.#sent,
        this.args.account
      );
    }
  }

  @action
  withdrawn(withdrawal) {
    // The button that was pressed goes away with the form, and so does the one that opened
    // it when nothing is left to withdraw.
    this.#heading?.focus();
    this.isFormShown = false;
    this.draft = null;
    this.list.prepend(withdrawal);
    this.#startRefreshing();
    this.args.onChange?.();
  }

  // It may have been made all the same.
  @action
  async unclear() {
    await this.list.refresh();
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
    return this.list.newest.filter(isOpen).length;
  }

  #startRefreshing() {
    if (!this.isDestroying) {
      this.#refreshing.start();
    }
  }

  <template>
    <section class="fiber-link-withdrawals">
      <div class="fiber-link-wallet-page__section-head">
        <h3
          class="fiber-link-withdrawals__title"
          tabindex="-1"
          {{this.registerHeading}}
        >{{this.title}}</h3>
        {{#if this.showsToggle}}
          <DButton
            @action={{this.toggleForm}}
            @ariaControls={{this.formId}}
            @ariaExpanded={{this.isFormShown}}
            @disabled={{this.draft.isSending}}
            @icon={{if this.isFormShown "xmark" "arrow-up-from-bracket"}}
            @label={{if
              this.isFormShown
              "fiber_link.withdrawal.close_form"
              "fiber_link.withdrawal.open_form"
            }}
            class="{{if this.isFormShown 'btn-default' 'btn-primary'}}
              fiber-link-withdrawals__toggle"
          />
        {{else}}
          <span class="fiber-link-withdrawals__nothing">{{i18n
              "fiber_link.withdrawal.nothing_available"
            }}</span>
        {{/if}}
      </div>
      <div
        id={{this.formId}}
        class="fiber-link-withdrawals__form"
        hidden={{if this.isFormShown false true}}
      >
        {{#if this.isFormShown}}
          <FiberLinkWithdrawalForm
            @assets={{this.formAssets}}
            @draft={{this.draft}}
            @onUnclear={{this.unclear}}
            @onWithdrawn={{this.withdrawn}}
          />
        {{/if}}
      </div>
      <FiberLinkPagedList
        @empty={{i18n "fiber_link.withdrawal.empty"}}
        @label={{this.title}}
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
