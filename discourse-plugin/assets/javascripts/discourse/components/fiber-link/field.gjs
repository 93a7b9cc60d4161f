import Component from "@glimmer/component";
import { hash } from "@ember/helper";
import dUniqueId from "discourse/ui-kit/helpers/d-unique-id";

/**
 * A label, a control, a hint and an error that belong together for everybody.
 *
 * @extends {Component<{ Args: { label: string, hint?: string, error?: string }, Blocks: { default: [{ id: string, invalid: string, describedBy: string }] } }>}
 */
export default class FiberLinkField extends Component {
  id = dUniqueId();
  hintId = dUniqueId();
  errorId = dUniqueId();

  get invalid() {
    return this.args.error ? "true" : undefined;
  }

  get describedBy() {
    const ids = [
      this.args.error && this.errorId,
      this.args.hint && this.hintId,
    ];
    return ids.filter(Boolean).join(" ") || undefined;
  }

  <template>
    <div class="fiber-link-field {{if @error '--invalid'}}">
      <label class="fiber-link-field__label" for={{this.id}}>{{@label}}</label>
      {{yield
        (hash id=this.id invalid=this.invalid describedBy=this.describedBy)
      }}
      {{#if @error}}
        <p
          class="fiber-link-field__error"
          id={{this.errorId}}
          role="alert"
        >{{@error}}</p>
      {{/if}}
      {{#if @hint}}
        <p class="fiber-link-field__hint" id={{this.hintId}}>{{@hint}}</p>
      {{/if}}
    </div>
  </template>
}
