import { withPluginApi } from "discourse/lib/plugin-api";
import tipNotification from "../lib/fiber-link/tip-notification";
import withdrawalNotification from "../lib/fiber-link/withdrawal-notification";

export default {
  name: "fiber-link-notifications",

  initialize() {
    withPluginApi((api) => {
      api.registerNotificationTypeRenderer("fiber_link_tip", tipNotification);
      api.registerNotificationTypeRenderer(
        "fiber_link_withdrawal",
        withdrawalNotification
      );
    });
  },
};
