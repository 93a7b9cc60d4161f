# frozen_string_literal: true

module FiberLink
  # A user as the plugin's endpoints show one; nil for somebody who is not to be named or is gone.
  module ShownUser
    def self.of(user)
      return if user.nil?
      {
        id: user.id,
        username: user.username,
        name: SiteSetting.enable_names ? user.name : nil,
        avatar_template: user.avatar_template,
      }
    end
  end
end
