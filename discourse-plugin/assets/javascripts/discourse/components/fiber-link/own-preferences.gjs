import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import failureOf from "../../lib/fiber-link/failure-of";
import { findPreferences } from "../../lib/fiber-link/wallet-api";
import FiberLinkFailureNote from "./failure-note";
import FiberLinkPreferences from "./preferences";

// Reads what the caller chose, which the forum knows by itself, and has it changed.
/** @extends {Component<{ Args: {} }>} */
export default class FiberLinkOwnPreferences extends Component {
  @tracked preferences = null;
  @tracked failure = null;
  @tracked isLoading = false;

  constructor(owner, args) {
    super(owner, args);
    this.load();
  }

  @action
  async load() {
    this.isLoading = true;
    this.failure = null;
    try {
      const { preferences } = await findPreferences();
      this.preferences = preferences;
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.isLoading = false;
    }
  }

  <template>
    {{#if this.failure}}
      <FiberLinkFailureNote
        @failure={{this.failure}}
        @isBusy={{this.isLoading}}
        @retry={{this.load}}
      />
    {{/if}}
    {{#if this.preferences}}
      <FiberLinkPreferences @preferences={{this.preferences}} />
    {{else}}
      <DConditionalLoadingSpinner @condition={{this.isLoading}} />
    {{/if}}
  </template>
}
