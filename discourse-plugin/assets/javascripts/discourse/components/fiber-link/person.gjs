import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";

// A user by picture and name; without a user, somebody.
const FiberLinkPerson = <template>
  <span class="fiber-link-person" ...attributes>
    {{#if @user}}
      <DUserLink
        @ariaHidden={{true}}
        @user={{@user}}
        class="fiber-link-person__picture"
      >{{dAvatar @user imageSize="small"}}</DUserLink>
      <DUserLink
        @user={{@user}}
        class="fiber-link-person__name"
      >{{@user.username}}</DUserLink>
    {{else}}
      <span class="fiber-link-person__picture --somebody">{{dIcon
          "user-secret"
        }}</span>
      <span class="fiber-link-person__name --somebody">{{i18n
          "fiber_link.wallet.somebody"
        }}</span>
    {{/if}}
  </span>
</template>;

export default FiberLinkPerson;
