import Component from "@glimmer/component";
import { registerDestructor } from "@ember/destroyable";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { modifier } from "ember-modifier";
import dConcatClass from "discourse/ui-kit/helpers/d-concat-class";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import dTrapTab from "discourse/ui-kit/modifiers/d-trap-tab";
import { i18n } from "discourse-i18n";

export const CLOSE_INITIATED_BY_BUTTON = "initiatedByCloseButton";
export const CLOSE_INITIATED_BY_ESC = "initiatedByESC";
export const CLOSE_INITIATED_BY_CLICK_OUTSIDE = "initiatedByClickOut";

export default class DModal extends Component {
  setupModal = modifier((element) => {
    this._wrapperElement = element;
  });

  constructor() {
    super(...arguments);
    // Before whatever has the focus, as Discourse's.
    const root = document.documentElement;
    const early = { capture: true };
    root.addEventListener("keydown", this.handleDocumentKeydown, early);
    registerDestructor(this, () =>
      root.removeEventListener("keydown", this.handleDocumentKeydown, early)
    );
  }

  get dismissable() {
    return Boolean(this.args.closeModal) && this.args.dismissable !== false;
  }

  get autofocus() {
    return this.args.autofocus ?? true;
  }

  async closeModal(initiatedBy) {
    if ((await this.args.beforeClose?.({ initiatedBy })) !== false) {
      this.args.closeModal?.({ initiatedBy });
    }
  }

  @action
  handleDocumentKeydown(event) {
    if (this.args.hidden) {
      return;
    }
    if (event.key === "Escape" && this.dismissable) {
      event.stopPropagation();
      this.closeModal(CLOSE_INITIATED_BY_ESC);
    }
    if (event.key === "Enter" && this.#enterIsOurs(event.target)) {
      const primary = ".d-modal__footer .btn-primary";
      this._wrapperElement?.querySelector(primary)?.click();
      event.preventDefault();
    }
  }

  // Forms and text areas keep the key for themselves; buttons and links do not.
  #enterIsOurs(target) {
    return (
      this.args.submitOnEnter !== false &&
      !target.closest("form, .select-kit") &&
      document.activeElement?.nodeName !== "TEXTAREA"
    );
  }

  @action
  handleCloseButton() {
    this.closeModal(CLOSE_INITIATED_BY_BUTTON);
  }

  @action
  handleWrapperClick(event) {
    if (event.target === event.currentTarget && this.dismissable) {
      this.closeModal(CLOSE_INITIATED_BY_CLICK_OUTSIDE);
    }
  }

  <template>
    <div
      class="modal d-modal"
      role="dialog"
      aria-modal="true"
      aria-labelledby="discourse-modal-title"
      {{this.setupModal}}
      {{dTrapTab autofocus=this.autofocus}}
      {{on "click" this.handleWrapperClick}}
      ...attributes
    >
      <div class="d-modal__container">
        {{yield to="aboveHeader"}}
        {{#unless @hideHeader}}
          <div class={{dConcatClass "d-modal__header" @headerClass}}>
            <div class="d-modal__title">
              <h1
                id="discourse-modal-title"
                class="d-modal__title-text"
              >{{@title}}</h1>
              {{#if @subtitle}}
                <p class="d-modal__subtitle-text">{{@subtitle}}</p>
              {{/if}}
            </div>
            {{#if this.dismissable}}
              <button
                type="button"
                class="btn no-text btn-icon btn-transparent modal-close"
                aria-label={{i18n "modal.close"}}
                {{on "click" this.handleCloseButton}}
              >{{dIcon "xmark"}}</button>
            {{/if}}
          </div>
        {{/unless}}
        {{#if @flash}}
          <div class="alert alert-{{@flashType}}" role="alert">{{@flash}}</div>
        {{/if}}
        <div class={{dConcatClass "d-modal__body" @bodyClass}} tabindex="-1">
          {{#if (has-block "body")}}{{yield to="body"}}{{else}}{{yield}}{{/if}}
        </div>
        {{#if (has-block "footer")}}
          <div class="d-modal__footer">{{yield to="footer"}}</div>
        {{/if}}
      </div>
    </div>
  </template>
}
