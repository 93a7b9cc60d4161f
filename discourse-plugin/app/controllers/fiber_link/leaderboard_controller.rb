# frozen_string_literal: true

module FiberLink
  class LeaderboardController < ApplicationController
    include TextParams

    skip_before_action :check_xhr

    def show
      raise Discourse::NotFound if !SiteSetting.fiber_link_leaderboard_enabled

      respond_to do |format|
        format.html { render "default/empty" }
        format.json { render json: board }
      end
    end

    private

    def board
      limit
      Leaderboard.new(guardian, period: choice(:period), asset: choice(:asset)).as_json
    end

    # What is not said is the first one.
    def choice(name)
      choices = name == :asset ? Leaderboard.assets : Leaderboard::PERIODS.keys
      value = optional_text_param(name) || choices.first
      choices.include?(value) ? value : raise(Discourse::InvalidParameters, name)
    end

    # Visitors are told apart by their address.
    def limit
      who = current_user ? "" : "-#{request.remote_ip}"
      RateLimiter.new(current_user, "fiber-link-leaderboard#{who}", 60, 1.minute).performed!
    end
  end
end
