# frozen_string_literal: true

# name: fiber-link
# about: Tip a post over the Fiber Network, watch the tip arrive, withdraw what was received
# version: 1.0.0
# authors: Fiber Link
# required_version: 2026.10

enabled_site_setting :fiber_link_enabled

register_asset "stylesheets/common/fiber-link.scss"
register_asset "stylesheets/common/fiber-link-wallet.scss"

register_svg_icon "bolt"

add_admin_route "fiber_link.admin.title", "fiber-link", use_new_show_route: true

module ::FiberLink
  PLUGIN_NAME = "fiber-link"
end

require_relative "lib/fiber_link/engine"

after_initialize do
  # -- Notifications
  Notification.types[:fiber_link_tip] = 54_771
  Notification.types[:fiber_link_withdrawal] = 54_772

  # -- Preferences
  on(:user_destroyed) { |user| FiberLink::Preferences.forget(user) }
  on(:user_anonymized) { |user:, **| FiberLink::Preferences.close(user) }
  on(:merging_users) { |source, target| FiberLink::Preferences.merge(source, target) }

  # -- Problems that the admin dashboard shows
  register_problem_check ProblemCheck::FiberLinkConfiguration
  register_problem_check ProblemCheck::FiberLinkUnreachable
  register_problem_check ProblemCheck::FiberLinkClockSkew
  register_problem_check ProblemCheck::FiberLinkSyncBehind
end
