# frozen_string_literal: true

module FiberLink
  # What somebody chose about tips. Nothing can be chosen yet.
  class Preferences
    def self.for(_user)
      new
    end

    def accepts_tips?
      true
    end

    def notified?
      true
    end

    def on_leaderboard?
      true
    end
  end
end
