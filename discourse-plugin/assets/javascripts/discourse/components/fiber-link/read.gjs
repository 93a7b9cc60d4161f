import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import failureOf from "../../lib/fiber-link/failure-of";
import FiberLinkFailureNote from "./failure-note";

// Yields what `@find` answers, null before it is there, and how to ask again.
/** @extends {Component<{ Args: { find: () => Promise<any> }, Blocks: { default: [answer: any, reload: () => void] } }>} */
export default class FiberLinkRead extends Component {
  @tracked answer = null;
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
      this.answer = await this.args.find();
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
    {{#unless this.answer}}
      <DConditionalLoadingSpinner @condition={{this.isLoading}} />
    {{/unless}}
    {{yield this.answer this.load}}
  </template>
}
