# frozen_string_literal: true

module FiberLink
  class AdminOverviewController < ::Admin::AdminController
    requires_plugin PLUGIN_NAME

    def show
      RateLimiter.new(
        current_user,
        "fiber-link-overview",
        30,
        1.minute,
        apply_limit_to_staff: true,
      ).performed!
      render json: Overview.new.as_json
    end
  end
end
