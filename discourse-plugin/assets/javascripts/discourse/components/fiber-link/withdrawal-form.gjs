import Component from "@glimmer/component";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { cancel } from "@ember/runloop";
import { service } from "@ember/service";
import { modifier } from "ember-modifier";
import FormKit from "discourse/components/form";
import discourseDebounce from "discourse/lib/debounce";
import { INPUT_DELAY } from "discourse/lib/environment";
import { not } from "discourse/truth-helpers";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import amountOfAsset from "../../lib/fiber-link/amount-of-asset";
import FiberLinkFailureNote from "./failure-note";
import FiberLinkWithdrawalQuote from "./withdrawal-quote";

/** @type {any} Discourse declares none of its arguments. */
const Form = FormKit;

// Writes a draft, which may have been begun before, and ends with the withdrawal that it
// asked for: whoever shows it takes it away then. `onUnclear` is called when nobody knows
// whether there is one.
/** @extends {Component<{ Args: { assets: string[], draft: import("../../lib/fiber-link/withdrawal-draft").default, onWithdrawn?: (withdrawal: any) => void, onUnclear?: () => void } }>} */
export default class FiberLinkWithdrawalForm extends Component {
  @service a11y;

  initial = {
    asset: this.draft.asset,
    destination: this.draft.destination,
    amount: this.draft.amount,
  };

  registerAmount = modifier((element) => {
    this.#amount = element;
  });

  #form;
  #timer;
  #amount = null;

  constructor(owner, args) {
    super(owner, args);
    if (this.draft.canBeQuoted && !this.draft.isQuoteCurrent) {
      this.#plan();
    }
  }

  willDestroy() {
    super.willDestroy();
    cancel(this.#timer);
  }

  get draft() {
    return this.args.draft;
  }

  @action
  registerForm(form) {
    this.#form = form;
  }

  @action
  async changeAsset(asset, { set, name }) {
    this.draft.changeAsset(asset);
    this.#plan();
    await set(name, asset);
    await this.#showFilledAmount();
  }

  @action
  async changeDestination(destination, { set, name }) {
    this.draft.changeDestination(destination);
    this.#plan();
    await set(name, destination);
    await this.#showFilledAmount();
  }

  @action
  async changeAmount(amount, { set, name }) {
    this.draft.changeAmount(amount);
    this.#plan();
    await set(name, amount);
  }

  @action
  async askForQuote() {
    await this.draft.askForQuote();
    await this.#showFilledAmount();
  }

  @action
  async send() {
    const { draft } = this;
    const withdrawal = await draft.send();
    if (withdrawal) {
      this.a11y.announce(i18n("fiber_link.withdrawal.accepted"), "polite");
      this.args.onWithdrawn?.(withdrawal);
    } else if (draft.isUnclear) {
      this.args.onUnclear?.();
    }
  }

  @action
  leaveAmount() {
    return this.#fillAmount();
  }

  #plan() {
    this.#timer = discourseDebounce(this, this.askForQuote, INPUT_DELAY * 2);
  }

  // Never under the hands of somebody who is writing there.
  async #showFilledAmount() {
    if (!this.isDestroying && document.activeElement !== this.#amount) {
      await this.#fillAmount();
    }
  }

  async #fillAmount() {
    if (!this.isDestroying && !this.draft.isAmountEntered) {
      await this.#form.set("amount", this.draft.amount);
    }
  }

  // What was refused is refused again as long as it is the same.
  get canAskAgain() {
    const { isQuoteCurrent, failure } = this.draft;
    return !isQuoteCurrent && failure?.kind !== "refused";
  }

  get hasSeveralAssets() {
    return this.args.assets.length > 1;
  }

  <template>
    <Form
      @data={{this.initial}}
      @onRegisterApi={{this.registerForm}}
      @onSubmit={{this.send}}
      class="fiber-link-withdrawal-form"
      as |form|
    >
      {{#if this.hasSeveralAssets}}
        <form.Field
          @disabled={{this.draft.isSending}}
          @format="full"
          @name="asset"
          @onSet={{this.changeAsset}}
          @title={{i18n "fiber_link.withdrawal.asset"}}
          @type="select"
          @validation="required"
          as |field|
        >
          <field.Control @includeNone={{false}} as |select|>
            {{#each @assets as |asset|}}
              <select.Option @value={{asset}}>{{asset}}</select.Option>
            {{/each}}
          </field.Control>
        </form.Field>
      {{/if}}

      <form.Field
        @description={{i18n "fiber_link.withdrawal.destination_description"}}
        @disabled={{this.draft.isSending}}
        @format="full"
        @name="destination"
        @onSet={{this.changeDestination}}
        @title={{i18n "fiber_link.withdrawal.destination"}}
        @type="textarea"
        @validation="required"
        as |field|
      >
        <field.Control
          @height={{90}}
          autocapitalize="off"
          autocomplete="off"
          class="fiber-link-withdrawal-form__destination"
          spellcheck="false"
        />
      </form.Field>

      <form.Field
        @description={{i18n "fiber_link.withdrawal.amount_description"}}
        @disabled={{this.draft.isSending}}
        @format="full"
        @name="amount"
        @onSet={{this.changeAmount}}
        @title={{i18n "fiber_link.withdrawal.amount"}}
        @type="input"
        as |field|
      >
        <field.Control
          @after={{this.draft.asset}}
          autocomplete="off"
          class="fiber-link-withdrawal-form__amount"
          inputmode="decimal"
          {{on "blur" this.leaveAmount}}
          {{this.registerAmount}}
        />
      </form.Field>

      <div
        class="fiber-link-withdrawal-form__answer
          {{unless this.draft.isQuoteCurrent '--stale'}}"
        aria-busy={{if this.draft.isQuoting "true" "false"}}
        aria-live="polite"
      >
        {{#unless this.draft.isAmountWellFormed}}
          <p class="fiber-link-withdrawal-form__reason">{{dIcon
              "circle-exclamation"
            }}
            {{i18n "fiber_link.withdrawal.amount_malformed"}}</p>
        {{/unless}}
        {{#if this.draft.isQuoting}}
          <p class="fiber-link-withdrawal-form__checking">{{i18n
              "fiber_link.withdrawal.checking"
            }}</p>
        {{/if}}
        {{#if this.draft.earlierFee}}
          <p
            class="fiber-link-withdrawal-form__fee-changed"
            role="alert"
          >{{dIcon "triangle-exclamation"}}
            {{i18n
              "fiber_link.withdrawal.fee_changed"
              earlier=(amountOfAsset
                this.draft.earlierFee this.draft.quote.asset
              )
              now=(amountOfAsset this.draft.quote.fee this.draft.quote.asset)
            }}</p>
        {{/if}}
        {{#if this.draft.quote}}
          <FiberLinkWithdrawalQuote @quote={{this.draft.quote}} />
          {{#if this.draft.isQuoteCurrent}}
            {{#if this.draft.quote.valid}}
              {{#if this.draft.quote.review}}
                <p class="fiber-link-withdrawal-form__review">{{dIcon
                    "user-check"
                  }}
                  {{i18n "fiber_link.withdrawal.reviewed_first"}}</p>
              {{/if}}
            {{else}}
              <p class="fiber-link-withdrawal-form__reason">{{dIcon
                  "circle-exclamation"
                }}
                {{if
                  this.draft.quote.message
                  this.draft.quote.message
                  (i18n "fiber_link.withdrawal.not_possible")
                }}</p>
            {{/if}}
          {{/if}}
        {{/if}}
      </div>

      {{#if this.draft.failure}}
        <FiberLinkFailureNote
          @failure={{this.draft.failure}}
          @retry={{if this.canAskAgain this.askForQuote}}
        />
      {{/if}}
      {{#if this.draft.isUnclear}}
        <p class="fiber-link-withdrawal-form__same-again">{{i18n
            "fiber_link.withdrawal.same_again"
          }}</p>
      {{/if}}

      <form.Actions>
        <form.Submit
          @disabled={{not this.draft.canBeSent}}
          @label="fiber_link.withdrawal.send"
          class="fiber-link-withdrawal-form__send"
        />
      </form.Actions>
    </Form>
  </template>
}
