# frozen_string_literal: true

# name: fiber-link
# about: Tip a post over the Fiber Network, watch the tip arrive, withdraw what was received
# version: 1.0.0
# authors: Fiber Link
# required_version: 2026.1

enabled_site_setting :fiber_link_enabled

register_asset "stylesheets/common/fiber-link.scss"

register_svg_icon "bolt"

module ::FiberLink
  PLUGIN_NAME = "fiber-link"
end

require_relative "lib/fiber_link/engine"

after_initialize do
  # -- Notifications
  Notification.types[:fiber_link_tip] = 54_771
  Notification.types[:fiber_link_withdrawal] = 54_772
end
