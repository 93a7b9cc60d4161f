import Component from "@glimmer/component";
import { cached } from "@glimmer/tracking";
import { registerDestructor } from "@ember/destroyable";
import { array } from "@ember/helper";
import { action } from "@ember/object";
import { schedule } from "@ember/runloop";
import { service } from "@ember/service";
import { and, eq } from "discourse/truth-helpers";
import DButton from "discourse/ui-kit/d-button";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import DModal from "discourse/ui-kit/d-modal";
import dUniqueId from "discourse/ui-kit/helpers/d-unique-id";
import { i18n } from "discourse-i18n";
import { browserClock } from "../../lib/fiber-link/clock";
import { isPayable, walletLink } from "../../lib/fiber-link/invoice";
import { focusIfFree } from "../../lib/fiber-link/take-focus";
import TipSession from "../../lib/fiber-link/tip-session";
import { isKnown, TIP_STATES } from "../../lib/fiber-link/tip-state";
import FiberLinkTipForm from "../fiber-link/tip-form";
import FiberLinkTipInvoice from "../fiber-link/tip-invoice";
import FiberLinkTipStatus from "../fiber-link/tip-status";

/** @extends {Component<{ Args: { model: { post: any, clock?: any }, closeModal?: (data?: any) => void } }>} */
export default class FiberLinkTipModal extends Component {
  @service a11y;
  @service messageBus;
  @service siteSettings;

  formId = dUniqueId();

  constructor(...args) {
    // @ts-ignore: the framework's own arguments
    super(...args);
    this.session = new TipSession(this.args.model.post, {
      messageBus: this.messageBus,
      clock: this.clock,
      quickAmounts: this.quickAmounts,
      onChange: () => this.announce(),
    });
    registerDestructor(this, () => this.session.end());
    this.session.load();
  }

  get clock() {
    return this.args.model.clock ?? browserClock;
  }

  get quickAmounts() {
    return (this.siteSettings.fiber_link_quick_amounts ?? "").split("|");
  }

  get title() {
    const { username } = this.args.model.post;
    return i18n("fiber_link.tip.title", { username });
  }

  /** The state whose words are shown, or null while there is none. */
  get state() {
    const { stage, tip, isTimeUp, isSettled, isEarlier } = this.session;
    if (stage !== "tip") {
      return stage === "unavailable" ? stage : null;
    }
    if (isSettled && isEarlier) {
      return "paid_earlier";
    }
    if (tip.state !== "open") {
      return isKnown(tip.state) ? tip.state : "unknown";
    }
    if (!isPayable(tip.invoice)) {
      return "broken";
    }
    return isTimeUp ? "time_is_up" : "open";
  }

  get nextStep() {
    return this.state && TIP_STATES[this.state].nextStep;
  }

  get hasNextStep() {
    return this.nextStep && this.nextStep !== "close";
  }

  @cached
  get amounts() {
    const { stage, tip } = this.session;
    return stage === "tip" ? [tip] : [];
  }

  get walletLink() {
    return walletLink(this.session.tip?.invoice);
  }

  get canChange() {
    return (
      ["unavailable", "open"].includes(this.state) && this.session.canChange
    );
  }

  get warning() {
    return this.session.isReplacing
      ? i18n("fiber_link.tip.form.replaces")
      : undefined;
  }

  announce() {
    if (this.state) {
      const title = i18n(`fiber_link.tip.states.${this.state}.title`);
      const text = i18n(`fiber_link.tip.states.${this.state}.text`);
      this.a11y.announce(`${title}. ${text}`, "polite");
    }
  }

  // What comes of it may be what was there before: then nothing on the page changes, and
  // the button that was pressed could not keep the focus while it waited.
  async tellWhatComesOf(step) {
    const result = await step;
    if (this.isDestroying) {
      return result;
    }
    this.announce();
    schedule("afterRender", () => {
      /** @type {HTMLElement} */
      const title = document.querySelector(".fiber-link-tip-status__title");
      focusIfFree(title);
    });
    return result;
  }

  @action
  send() {
    return this.tellWhatComesOf(this.session.send());
  }

  @action
  retry() {
    return this.tellWhatComesOf(this.session.retry());
  }

  @action
  renew() {
    return this.tellWhatComesOf(this.session.renew());
  }

  @action
  change() {
    return this.session.change();
  }

  @action
  close() {
    this.args.closeModal?.();
  }

  <template>
    <DModal
      class="fiber-link-tip-modal"
      @submitOnEnter={{false}}
      @title={{this.title}}
      @closeModal={{@closeModal}}
    >
      <:body>
        <DConditionalLoadingSpinner
          @condition={{eq this.session.stage "loading"}}
        >
          {{#if (eq this.session.stage "form")}}
            <FiberLinkTipForm
              @draft={{this.session.draft}}
              @formId={{this.formId}}
              @alert={{this.session.error.words}}
              @warning={{this.warning}}
              @onSend={{this.send}}
            />
          {{else if (eq this.session.stage "refused")}}
            <p class="alert alert-error" role="alert">
              {{this.session.error.words}}
            </p>
          {{else}}
            {{#if (and this.session.error (eq this.session.stage "tip"))}}
              <p
                class="alert alert-error"
                role="alert"
              >{{this.session.error.words}}</p>
            {{/if}}
            {{#each (array this.state) key="@identity" as |state|}}
              <FiberLinkTipStatus @state={{state}} @amounts={{this.amounts}} />
            {{/each}}
            {{#if (eq this.state "open")}}
              {{#each (array this.session.tip.id) key="@identity"}}
                <FiberLinkTipInvoice
                  @tip={{this.session.tip}}
                  @clock={{this.clock}}
                />
              {{/each}}
            {{else if (eq this.state "time_is_up")}}
              <details class="fiber-link-tip-modal__old-invoice">
                <summary>{{i18n "fiber_link.tip.invoice.show_old"}}</summary>
                <FiberLinkTipInvoice @tip={{this.session.tip}} />
              </details>
            {{/if}}
          {{/if}}
        </DConditionalLoadingSpinner>
      </:body>
      <:footer>
        {{#if (eq this.session.stage "form")}}
          <DButton
            class="btn-primary"
            @type="submit"
            @form={{this.formId}}
            @icon="bolt"
            @label="fiber_link.tip.form.create_invoice"
            @isLoading={{this.session.isBusy}}
          />
          <DButton
            class="btn-flat"
            @label="fiber_link.tip.steps.cancel"
            @action={{this.close}}
          />
        {{else}}
          {{#if (eq this.nextStep "open_wallet")}}
            <a
              class="btn btn-primary btn-text fiber-link-tip-modal__wallet"
              href={{this.walletLink}}
            >{{i18n "fiber_link.tip.steps.open_wallet"}}</a>
          {{else if (eq this.nextStep "new_invoice")}}
            <DButton
              class="btn-primary"
              @label="fiber_link.tip.steps.new_invoice"
              @action={{this.renew}}
              @isLoading={{this.session.isBusy}}
            />
          {{else if (eq this.nextStep "retry")}}
            <DButton
              class="btn-primary"
              @label="fiber_link.tip.steps.retry"
              @action={{this.retry}}
              @isLoading={{this.session.isBusy}}
            />
          {{/if}}
          {{#if this.canChange}}
            <DButton
              @label="fiber_link.tip.steps.change"
              @action={{this.change}}
              @isLoading={{this.session.isBusy}}
            />
          {{/if}}
          <DButton
            class={{if this.hasNextStep "btn-flat" "btn-primary"}}
            @label="fiber_link.tip.steps.close"
            @action={{this.close}}
          />
        {{/if}}
      </:footer>
    </DModal>
  </template>
}
