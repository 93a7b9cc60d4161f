# frozen_string_literal: true

module FiberLink
  # What an open tip that somebody looks at costs the server: nothing while a process of the forum
  # waits for events; else one request in ten seconds for all of them. And after its end one for the
  # tip alone, to learn how it ended.
  class TipRefresh
    FEED_KEY = "fiber-link:refresh"
    FEED_SECONDS = 10
    END_KEY = "fiber-link:ended"
    END_SECONDS = 12
    TIP_SECONDS = 60

    # The tip as it is now. When the server is not reachable, or what it says of any tip cannot be
    # recorded, as it was: it is only looked at.
    def self.call(tip)
      return tip unless tip.open?
      advance
      tip.reload
      ask_for(tip) if tip.open? && tip.past?
      tip
    rescue Unavailable
      tip.reload
    rescue StandardError => e
      Discourse.warn_exception(e, message: "fiber-link: an open tip was not refreshed")
      tip.reload
    end

    def self.advance
      Feed.advance if !Watch.running? && first_in?(FEED_KEY, FEED_SECONDS)
    end

    # Twenty tips that end at once are asked for one after the other.
    def self.ask_for(tip)
      return if Discourse.redis.get("#{END_KEY}:#{tip.tip_id}")
      return unless first_in?(END_KEY, END_SECONDS)
      Discourse.redis.setex("#{END_KEY}:#{tip.tip_id}", TIP_SECONDS, "1")
      answer = Client.call("tip.get", { tipId: tip.tip_id })
      TipRecorder.publish([FeedPosition.exclusively { TipRecorder.record(answer) }])
      tip.reload
    rescue Refused
      tip
    end

    def self.first_in?(key, seconds)
      Discourse.redis.set(key, "1", ex: seconds, nx: true)
    end
    private_class_method :advance, :ask_for, :first_in?
  end
end
