import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import failureOf from "../../lib/fiber-link/failure-of";
import { findWallet } from "../../lib/fiber-link/wallet-api";
import FiberLinkFailureNote from "./failure-note";

// Reads the caller's wallet and yields it, null before it is there, and how to read it
// again.
/** @extends {Component<{ Args: {}, Blocks: { default: [wallet: any, reload: () => void] } }>} */
export default class FiberLinkWallet extends Component {
  @tracked wallet = null;
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
      this.wallet = await findWallet();
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
    {{#unless this.wallet}}
      <DConditionalLoadingSpinner @condition={{this.isLoading}} />
    {{/unless}}
    {{yield this.wallet this.load}}
  </template>
}
