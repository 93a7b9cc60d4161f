# frozen_string_literal: true

module FiberLink
  class PreferencesController < ApplicationController
    requires_login

    FLAGS = { true => true, false => false, "true" => true, "false" => false }.freeze

    # The forum's own: it answers also while the Fiber Link server does not.
    def show
      limit_requests("preferences-read", 60, 1.minute)
      render json: { preferences: Preferences.for(current_user).choices }
    end

    def update
      limit_requests("preferences", 20, 1.minute)
      render json: { preferences: Preferences.change(current_user, chosen).choices }
    end

    private

    def chosen
      named = Preferences::CHOICES.select { |name| params.key?(name) }
      raise ActionController::ParameterMissing, Preferences::CHOICES.join(", ") if named.empty?

      named.to_h do |name|
        [name, FLAGS.fetch(params[name]) { raise Discourse::InvalidParameters.new(name) }]
      end
    end
  end
end
