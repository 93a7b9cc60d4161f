# frozen_string_literal: true

module FiberLink
  # What the plugin's JSON endpoints share.
  class ApplicationController < ::ApplicationController
    requires_plugin PLUGIN_NAME
  end
end
