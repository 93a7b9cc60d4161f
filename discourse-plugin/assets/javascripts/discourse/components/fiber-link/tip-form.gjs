import Component from "@glimmer/component";
import { fn } from "@ember/helper";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { schedule } from "@ember/runloop";
import { eq } from "discourse/truth-helpers";
import DButton from "discourse/ui-kit/d-button";
import dUniqueId from "discourse/ui-kit/helpers/d-unique-id";
import { i18n } from "discourse-i18n";
import takeFocus from "../../lib/fiber-link/take-focus";
import FiberLinkField from "./field";

/** @extends {Component<{ Args: { draft: any, formId: string, onSend: () => Promise<boolean>, alert?: string, warning?: string } }>} */
export default class FiberLinkTipForm extends Component {
  anonymousHintId = dUniqueId();

  get draft() {
    return this.args.draft;
  }

  get severalAssets() {
    return this.draft.assets.length > 1;
  }

  get hint() {
    const { asset, minimum, maximum } = this.draft.limits;
    if (minimum && maximum) {
      return i18n("fiber_link.tip.form.between", { asset, minimum, maximum });
    }
    if (minimum) {
      return i18n("fiber_link.tip.form.at_least", { asset, minimum });
    }
    return maximum
      ? i18n("fiber_link.tip.form.at_most", { asset, maximum })
      : undefined;
  }

  get counter() {
    const left = this.draft.charactersLeft;
    if (this.draft.errors.message) {
      return undefined;
    }
    return left < 0
      ? i18n("fiber_link.tip.form.too_long", { count: -left })
      : i18n("fiber_link.tip.form.characters_left", { count: left });
  }

  @action
  enter(field, { target }) {
    this.draft.change(field, target.value);
  }

  @action
  pick(amount) {
    this.draft.pick(amount);
  }

  @action
  hide({ target }) {
    this.draft.change("anonymous", target.checked);
  }

  @action
  async send(event) {
    event.preventDefault();
    const form = event.target;
    await this.args.onSend();
    schedule("afterRender", () =>
      form.querySelector("[aria-invalid='true']")?.focus()
    );
  }

  <template>
    <form
      class="fiber-link-tip-form"
      id={{@formId}}
      novalidate
      {{on "submit" this.send}}
    >
      {{#if @alert}}
        <p
          class="alert alert-error fiber-link-tip-form__alert"
          role="alert"
        >{{@alert}}</p>
      {{/if}}

      {{#if @warning}}
        <p
          class="alert alert-warning fiber-link-tip-form__warning"
          role="alert"
        >{{@warning}}</p>
      {{/if}}

      {{#if this.severalAssets}}
        <FiberLinkField
          @label={{i18n "fiber_link.tip.form.asset"}}
          @error={{this.draft.errors.asset}}
          as |field|
        >
          <select
            id={{field.id}}
            class="fiber-link-tip-form__asset"
            aria-invalid={{field.invalid}}
            aria-describedby={{field.describedBy}}
            {{on "change" (fn this.enter "asset")}}
          >
            {{#each this.draft.assets key="asset" as |one|}}
              <option
                value={{one.asset}}
                selected={{eq one.asset this.draft.asset}}
              >{{one.asset}}</option>
            {{/each}}
          </select>
        </FiberLinkField>
      {{/if}}

      <FiberLinkField
        @label={{i18n
          "fiber_link.tip.form.amount_in"
          asset=this.draft.limits.asset
        }}
        @hint={{this.hint}}
        @error={{this.draft.errors.amount}}
        as |field|
      >
        {{#if this.draft.quickAmounts}}
          <div
            class="fiber-link-tip-form__quick-amounts"
            role="group"
            aria-label={{i18n "fiber_link.tip.form.quick_amounts"}}
          >
            {{#each this.draft.quickAmounts as |amount|}}
              <DButton
                class="fiber-link-tip-form__quick-amount"
                @translatedLabel={{amount}}
                @ariaPressed={{eq amount this.draft.amount}}
                @action={{fn this.pick amount}}
                {{takeFocus}}
              />
            {{/each}}
          </div>
        {{/if}}
        <input
          type="text"
          inputmode="decimal"
          autocomplete="off"
          class="fiber-link-tip-form__amount"
          id={{field.id}}
          value={{this.draft.amount}}
          aria-invalid={{field.invalid}}
          aria-describedby={{field.describedBy}}
          {{takeFocus}}
          {{on "input" (fn this.enter "amount")}}
        />
      </FiberLinkField>

      <FiberLinkField
        @label={{i18n "fiber_link.tip.form.message"}}
        @hint={{this.counter}}
        @error={{this.draft.errors.message}}
        as |field|
      >
        <textarea
          class="fiber-link-tip-form__message"
          id={{field.id}}
          rows="3"
          dir="auto"
          value={{this.draft.message}}
          aria-invalid={{field.invalid}}
          aria-describedby={{field.describedBy}}
          {{on "input" (fn this.enter "message")}}
        ></textarea>
      </FiberLinkField>

      <div class="fiber-link-tip-form__anonymous">
        <label class="checkbox-label">
          <input
            type="checkbox"
            checked={{this.draft.anonymous}}
            aria-describedby={{this.anonymousHintId}}
            {{on "change" this.hide}}
          />
          {{i18n "fiber_link.tip.form.anonymous"}}
        </label>
        <p class="fiber-link-field__hint" id={{this.anonymousHintId}}>{{i18n
            "fiber_link.tip.form.anonymous_hint"
          }}</p>
      </div>
    </form>
  </template>
}
