import Component from "@glimmer/component";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { next } from "@ember/runloop";
import { service } from "@ember/service";
import getURL from "discourse/lib/get-url";
import dConcatClass from "discourse/ui-kit/helpers/d-concat-class";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

function words(translated, key) {
  return translated ?? (key ? i18n(key) : undefined);
}

function ariaValue(value) {
  return value === true || value === false ? String(value) : undefined;
}

export default class DButton extends Component {
  @service router;

  get computedTitle() {
    return words(this.args.translatedTitle, this.args.title);
  }

  get computedLabel() {
    return words(this.args.translatedLabel, this.args.label);
  }

  get computedAriaLabel() {
    return words(this.args.translatedAriaLabel, this.args.ariaLabel);
  }

  get isDisabled() {
    return this.args.disabled || this.args.isLoading;
  }

  get classes() {
    const { icon, isLoading, display } = this.args;
    const kind = icon
      ? this.computedLabel
        ? "btn-icon-text"
        : "no-text btn-icon"
      : this.computedLabel && "btn-text";
    return dConcatClass(
      display === "link" ? "btn-link" : "btn",
      kind,
      isLoading && "is-loading",
      this.args.class
    );
  }

  @action
  keyDown(event) {
    const { onKeyDown } = this.args;
    if (onKeyDown) {
      event.stopPropagation();
      onKeyDown(event);
    } else if (event.key === "Enter") {
      this.click(event);
    }
  }

  // Not at once: what the action does comes after the browser has had its turn.
  @action
  click(event) {
    const { action: callback, actionParam, forwardEvent, route } = this.args;
    if (!callback && !route) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (route) {
      this.router.transitionTo(route, ...[this.args.routeModels ?? []].flat());
    } else {
      next(() =>
        forwardEvent ? callback(actionParam, event) : callback(actionParam)
      );
    }
  }

  <template>
    {{#if @href}}
      <a
        href={{getURL @href}}
        title={{this.computedTitle}}
        aria-label={{this.computedAriaLabel}}
        class={{this.classes}}
        ...attributes
      >
        {{~#if @icon}}{{dIcon @icon}}{{/if~}}
        {{~#if this.computedLabel}}<span
            class="d-button-label"
          >{{this.computedLabel}}</span>{{/if~}}
        {{yield}}
      </a>
    {{else}}
      <button
        type={{if @type @type "button"}}
        form={{@form}}
        id={{@id}}
        title={{this.computedTitle}}
        aria-label={{this.computedAriaLabel}}
        aria-expanded={{ariaValue @ariaExpanded}}
        aria-pressed={{ariaValue @ariaPressed}}
        aria-controls={{@ariaControls}}
        disabled={{this.isDisabled}}
        class={{this.classes}}
        {{on "keydown" this.keyDown}}
        {{on "click" this.click}}
        ...attributes
      >
        {{~#if @isLoading}}{{dIcon "spinner" class="loading-icon"}}{{else if
          @icon
        }}{{dIcon @icon}}{{/if~}}
        {{~#if this.computedLabel}}<span
            class="d-button-label"
          >{{this.computedLabel}}</span>{{/if~}}
        {{yield}}
      </button>
    {{/if}}
  </template>
}
