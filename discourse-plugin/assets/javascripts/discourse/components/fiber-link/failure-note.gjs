import DButton from "discourse/ui-kit/d-button";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import failureWords from "../../lib/fiber-link/failure-words";

// Says why something failed and offers to try again.
/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLDivElement, Args: { failure: { words: string, fields?: { field: string, message: string }[] }, retry?: () => void, isBusy?: boolean } }>} */
const FiberLinkFailureNote = <template>
  <div class="fiber-link-failure-note" role="alert" ...attributes>
    {{dIcon "triangle-exclamation"}}
    <p class="fiber-link-failure-note__words">{{failureWords @failure}}</p>
    {{#if @retry}}
      <DButton
        @action={{@retry}}
        @disabled={{@isBusy}}
        @icon="arrows-rotate"
        @label="fiber_link.wallet.try_again"
        class="btn-default btn-small fiber-link-failure-note__retry"
      />
    {{/if}}
  </div>
</template>;

export default FiberLinkFailureNote;
